// What is kept of making a cell, step by step, as it came: models give turns, readers of answers take them, the store
// keeps them.

export type Turn = ModelTurn | ToolTurn | VectorsTurn | PicturesTurn | HttpTurn | InnerTurn;

/** An answer of a chat model, as its provider gave it. */
export interface ModelTurn {
  readonly by: 'model';
  /** The words of a refusal where no text came. */
  readonly text: string;
  /** What came in a field of its own; thoughts inside the text stay there. */
  readonly reasoning?: string;
  readonly toolCalls?: readonly ToolCall[];
  /** Why it could not be used: what the model was told. */
  readonly problem?: string;
}

/** A tool that the model wants to be called. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text, as the model wrote it. */
  readonly args: string;
}

/** What a tool gave back for one call. */
export interface ToolTurn {
  readonly by: 'tool';
  /** The id of the call. */
  readonly call: string;
  readonly text: string;
  /** Data URIs. */
  readonly images?: readonly string[];
}

/** Vectors of an embedding model: each the base64 text of its 32-bit floats, little endian. */
export interface VectorsTurn {
  readonly by: 'vectors';
  readonly base64: readonly string[];
}

/** The pictures of an image model. */
export interface PicturesTurn {
  readonly by: 'pictures';
  /** Files of the dataset. */
  readonly files: readonly PictureFile[];
  /** Addresses that the answer named and that are still to be fetched. */
  readonly urls?: readonly string[];
}

export interface PictureFile {
  /** Below the dataset's folder: `images/<column>/<sha256>.png`. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** The body that a validator or another service answered with. */
export interface HttpTurn {
  readonly by: 'http';
  readonly body: string;
}

/** A model call that a custom cell made by itself. */
export interface InnerTurn {
  readonly by: 'inner';
  /** Digest of its request, and how many times the cell had asked the same before. */
  readonly ask: string;
  readonly turn: ModelTurn;
}

/** The last answer of the conversation with the cell's own model; undefined where it asked none. */
export function lastAnswer(turns: readonly Turn[]): ModelTurn | undefined {
  return turns.findLast((turn) => turn.by === 'model');
}

/** The files of the pictures that were made in a conversation. */
export function picturesIn(turns: readonly Turn[]): readonly PictureFile[] {
  return turns.flatMap((turn) => (turn.by === 'pictures' ? turn.files : []));
}
