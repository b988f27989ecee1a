// What a profile is: Data Designer's analysis under its names, and what else there is to know of a column.

import type { Value } from '../values.ts';

export interface Profile {
  /** Finished rows. */
  readonly num_records: number;
  /** Rows asked for. */
  readonly target_num_records: number;
  readonly percent_complete: number;
  readonly column_statistics: readonly ColumnProfile[];
  /** Columns without statistics: those that are dropped, and those that others make beside theirs. */
  readonly side_effect_column_names: readonly string[];
}

export interface ColumnProfile {
  readonly column_name: string;
  readonly column_type: string;
  /** Of the files, as Arrow writes it. */
  readonly pyarrow_dtype: string;
  readonly simple_dtype: string;
  readonly num_records: number;
  readonly num_null: number;
  /** Different values but null. */
  readonly num_unique: number;
  /** Of numbers. */
  readonly numerical?: Numbers;
  /** Characters of text. */
  readonly lengths?: Numbers;
  /** All values with their counts, the commonest first, where they are few. */
  readonly categorical?: Categories;
  /** By the name of a judge's score. */
  readonly score_distributions?: { readonly [score: string]: Categories };
  /** Of a validation: rows with a true `is_valid`. */
  readonly num_valid_records?: number;
  readonly input_tokens?: Tokens;
  readonly output_tokens?: Tokens;
}

export interface Numbers {
  /** Of whole numbers exact. */
  readonly min: number | bigint;
  readonly max: number | bigint;
  readonly mean: number;
  /** 0 of a single value. */
  readonly stddev: number;
  readonly quartile_1: number;
  readonly median: number;
  readonly quartile_3: number;
  /** Bins of one width from min to max; the counts of all values add up. */
  readonly bins: readonly number[];
}

export interface Categories {
  readonly categories: readonly Value[];
  readonly counts: readonly number[];
}

/** Of the calls that gave the values. */
export interface Tokens {
  readonly mean: number;
  readonly median: number;
  readonly stddev: number;
}
