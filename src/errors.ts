// What a caller can act on. Each error carries data; the CLI prints `message` in one line.

/** Base of all errors that are no bug of ours: printed as one line, without a stack. */
export abstract class RowloomError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** One thing wrong with an input document or file. `line` and `column` are 1-based. */
export interface Violation {
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly level: 'error' | 'warning';
  readonly message: string;
}

/** `support.yaml:43:5 column "repro_ok": validator_params.validation_function is missing` */
export function formatViolation({ file, line, column, message }: Violation): string {
  const place = [file, line, column].filter((item) => item !== null).join(':');
  return place === '' ? message : `${place} ${message}`;
}

/** A document, seed file or option that cannot be used. Holds every violation found, errors and warnings. Exit 2. */
export class ConfigError extends RowloomError {
  readonly violations: readonly Violation[];
  constructor(violations: readonly Violation[]) {
    super(
      violations
        .filter(({ level }) => level === 'error')
        .map(formatViolation)
        .join('\n'),
    );
    this.violations = violations;
  }

  /** One error about a whole file, or about what stands in none. */
  static about(file: string | null, message: string): ConfigError {
    return new ConfigError([{ file, line: null, column: null, level: 'error', message }]);
  }
}

/** Columns that need each other. `cycle` names them all, the first again at the end. */
export class GraphError extends RowloomError {
  readonly cycle: readonly string[];
  constructor(cycle: readonly string[]) {
    super(`Cannot order the columns: ${cycle.join(' → ')} need each other`);
    this.cycle = cycle;
  }
}

/** The store cannot be used as asked: another format, another owner, no such dataset, not writable. */
export class StoreError extends RowloomError {}

/** The store could not be read just now: a disk or network that is away, too many open files. It may pass. */
export class ReadFaultError extends StoreError {}

/** Why a folder is gone, and what helps. */
export const WHY_GONE = 'moved, removed or unmounted. Once it is back, the same command goes on';

/** A folder of the store was moved, removed or unmounted under a writer: nobody would find what it writes. */
export class FolderGoneError extends StoreError {
  readonly folder: string;
  constructor(path: string, folder: string) {
    super(`Cannot write "${path}": the folder "${folder}" is gone: ${WHY_GONE}`);
    this.folder = folder;
  }
}

/** A newer start has taken the dataset over; the writer that sees this ends. */
export class FencedError extends RowloomError {
  readonly epoch: number;
  constructor(epoch: number) {
    super(`Cannot go on writing as build ${epoch}: a newer build of this dataset has started`);
    this.epoch = epoch;
  }
}

/** No Temporal server could be reached or started. `tried` lists what was attempted, each with its reason. Exit 2. */
export class ServerError extends RowloomError {
  readonly tried: readonly string[];
  constructor(message: string, tried: readonly string[] = []) {
    super(message);
    this.tried = tried;
  }
}

/** A build ended by what no retry helps. Exit 1. */
export class BuildError extends RowloomError {}

/** A processor failed: no row can be written or begun without what it makes. Holds which one, its rows, and what helps. */
export class ProcessorError extends RowloomError {
  /** Without `rows` it is about all of them together. */
  constructor(
    processor: string,
    {
      rows,
      message,
    }: { readonly rows?: { readonly first: number; readonly last: number }; readonly message: string },
  ) {
    const range = rows?.first === rows?.last ? `row ${rows?.first}` : `rows ${rows?.first}-${rows?.last}`;
    super(
      `Cannot go on with ${rows === undefined ? 'the finished rows' : range}: processor "${processor}": ${message}. Mend it, then run the same command again: what was made is kept`,
    );
  }
}

/** What stands against a wish: another build is live, an answer is needed. Exit 2. */
export class RefusedError extends RowloomError {}

/**
 * What a failed call means.
 *   busy         429: wait, never counts as a try
 *   unavailable  5xx, timeout, cut connection: wait; counts only when the endpoint answers others
 *   denied       401, 402, unknown model, no quota left: no cell can be answered
 *   schema       it may be that the endpoint does not take this `response_format`: ask once without it
 *   input        its words say that it is about this input: too long, or filtered
 *   unusable     the endpoint itself found that the answer obeys no schema: another answer may
 *   rejected     other 4xx: what it is about follows from what else is answered
 *   cancelled    the caller's signal
 */
export type FailureClass =
  | 'busy'
  | 'unavailable'
  | 'denied'
  | 'schema'
  | 'input'
  | 'unusable'
  | 'rejected'
  | 'cancelled';

/** A model call that gave no usable answer. `message` holds no secret. */
export class ModelError extends RowloomError {
  readonly failure: FailureClass;
  readonly status: number | null;
  readonly retryAfterMs: number | null;
  /** What has to be done about it, where that does not follow from its words. */
  readonly remedy: string | null;
  constructor(
    message: string,
    options: {
      failure: FailureClass;
      status?: number | null;
      retryAfterMs?: number | null;
      remedy?: string | null;
      cause?: unknown;
    },
  ) {
    super(message, { cause: options.cause });
    this.failure = options.failure;
    this.status = options.status ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.remedy = options.remedy ?? null;
  }
}

/** A cell that cannot be made from its inputs: the row is dropped with this reason. */
export class CellError extends RowloomError {
  readonly kind: CellErrorKind;
  constructor(kind: CellErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/**
 * Why a cell was not made: a word of the kind of column that makes it, or one that several share.
 *   EmptyRenderedPrompt, EmptyRenderedExpression, TemplateRenderError, TypeCastError, SamplerError   its inputs lead to no value
 *   UnusableMedia    what it is to show a model is no image, sound or video
 *   SeedRowDropped   the dataset that its seeds come from has no such row
 *   MissingFile      a file that it is to show is not there now
 *   UnusableAnswer   what came back is no value of the column
 *   RefusedCall      the endpoint refused this cell
 *   TriesExhausted   calls ended without an answer, as often as a cell has tries
 *   CutCall          a call was cut off before its answer came
 *   CrashedWorker    making it ended the process, with nothing else in flight
 *   DroppedByProcessor   no fault: a processor before the batch takes the whole row out
 */
export type CellErrorKind = string;
export const DROPPED_BY_PROCESSOR: CellErrorKind = 'DroppedByProcessor';
