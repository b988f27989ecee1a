// What a profile is: Data Designer's `DatasetProfilerResults`, which reads it, and fields of ours where it has none.

import type { Value } from '../values.ts';

export interface Profile {
  /** Finished rows. */
  readonly num_records: number;
  /** Rows asked for. */
  readonly target_num_records: number;
  readonly column_statistics: readonly ColumnProfile[];
  /** Columns without statistics: those that are dropped, and those that others make beside theirs. */
  readonly side_effect_column_names: readonly string[];
  /** What profilers of the document say, in Data Designer. */
  readonly column_profiles: null;
}

export interface ColumnProfile extends Partial<CellTokens> {
  readonly column_name: string;
  /** `general` of kinds that Data Designer measures nothing else of. */
  readonly column_type: string;
  /** Ours: its kind, where `column_type` does not say it. */
  readonly kind?: string;
  /** Of the files, as Arrow writes it. */
  readonly pyarrow_dtype: string;
  readonly simple_dtype: string;
  readonly num_records: number;
  readonly num_null: number;
  /** Different values but null. */
  readonly num_unique: number;
  /** Of samplers. */
  readonly sampler_type?: string;
  /** Of samplers as in Data Designer; of others, too, where they are numbers or few values. */
  readonly distribution_type?: 'categorical' | 'numerical' | 'other' | 'unknown';
  readonly distribution?: CategoricalDistribution | Numbers | '--' | null;
  /** Ours: characters of text. */
  readonly lengths?: Numbers;
  /** Ours: by the name of a judge's score. */
  readonly score_distributions?: { readonly [score: string]: Categories };
  /** Of a validation: rows with a true `is_valid`. */
  readonly num_valid_records?: number;
}

export interface Numbers {
  /** Of whole numbers exact. */
  readonly min: number | bigint;
  readonly max: number | bigint;
  readonly mean: number;
  /** 0 of a single value. */
  readonly stddev: number;
  readonly median: number;
  /** Ours, as what follows. */
  readonly quartile_1: number;
  readonly quartile_3: number;
  /** Bins of one width from min to max; the counts of all values add up. */
  readonly bins: readonly number[];
}

export interface CategoricalDistribution {
  readonly most_common_value: Value;
  readonly least_common_value: Value;
  readonly histogram: Categories;
}

/** The commonest first. */
export interface Categories {
  readonly categories: readonly Value[];
  readonly counts: readonly number[];
}

/** Of the calls that gave the values of a column that asks a model. */
export interface CellTokens {
  readonly input_tokens_mean: number;
  readonly input_tokens_median: number;
  readonly input_tokens_stddev: number;
  readonly output_tokens_mean: number;
  readonly output_tokens_median: number;
  readonly output_tokens_stddev: number;
}

/** The values of a column where they are few, and its numbers where it has some: what is drawn of them. */
export function chartOf({ distribution }: ColumnProfile): {
  readonly categories?: Categories;
  readonly numbers?: Numbers;
} {
  if (typeof distribution !== 'object' || distribution === null) return {};
  return 'histogram' in distribution ? { categories: distribution.histogram } : { numbers: distribution };
}
