// The one way out of a maker. Permits, tries, waits, pauses, crashes of the process and records are the business of who
// implements this, so a maker cannot make a call that is not paced, counted and kept.

import { type ModelError, RowloomError } from '../errors.ts';
import type { ServiceRequest } from '../models/http/services.ts';
import type {
  ChatRequest,
  EmbeddingRequest,
  ImageAnswer,
  ImageRequest,
  Message,
  ModelAnswer,
  Tokens,
  ToolDefinition,
} from '../models/model-client.ts';
import type { UserModule } from '../modules/stored-modules.ts';
import type { LimiterRef, Settings } from '../plan.ts';
import type { CallRecord, CellRecord } from '../store/records.ts';
import type { ToolAnswer } from '../tools/session.ts';
import type { ToolCallRequest } from '../tools/tool-servers.ts';
import type { PictureFile } from '../turns.ts';
import type { Value } from '../values.ts';
import type { ShownMedia } from './media/media-of.ts';

/** A cell that records are written for. */
export interface CellKey {
  readonly row: number;
  readonly digest: string;
}

/** What a maker hands in; row, digest, reader's version, calls, host and time are added to it. */
export type Draft = Pick<CellRecord, 'status'> &
  Partial<Omit<CellRecord, 'v' | 'row' | 'in' | 'read' | 'status' | 'calls' | 'host' | 'at' | 'chosen'>>;

export interface Sent<Answer> {
  readonly answer: Answer;
  /** What it cost, counted in the first cell's record; null for work that nobody is paid for. */
  readonly cost: (Tokens & Pick<CallRecord, 'status'>) | null;
}

/** How a request is sent, while its permit lasts. What these reject with is for `Calls.call` to judge. */
export interface Sending {
  /** Ends it. */
  readonly signal: AbortSignal;
  /**
   * Asks the model of the call's limiter. A schema is left out where the endpoint takes none; files that are shown are read
   * now, and `CellError` tells that one is gone.
   */
  chat(
    request: Pick<ChatRequest, 'parameters' | 'responseSchema' | 'tools'> & {
      readonly messages: readonly Message<ShownMedia>[];
    },
  ): Promise<Sent<ModelAnswer>>;
  /** The vectors of these texts, see `EmbeddingAnswer`. */
  embed(request: Pick<EmbeddingRequest, 'inputs' | 'parameters'>): Promise<Sent<readonly string[]>>;
  /** Asks a model for pictures; files that are shown are read as for a chat. */
  picture(
    request: Pick<ImageRequest, 'parameters'> & { readonly messages: readonly Message<ShownMedia>[] },
  ): Promise<Sent<ImageAnswer>>;
  /** The bytes at an address that the model of the call's limiter named. */
  fetch(url: string): Promise<Buffer>;
  /** The tools of the server of the call's limiter; it takes no longer than `timeoutMs`. */
  listTools(timeoutMs: number): Promise<readonly ToolDefinition[]>;
  /** Calls a tool of that server. A call that fails has words for the model as its answer. */
  callTool(request: Omit<ToolCallRequest, 'signal'>): Promise<Sent<ToolAnswer>>;
  /** Posts JSON text to a service, and gives what it answers. */
  post(request: Pick<ServiceRequest, 'url' | 'body' | 'timeoutMs'>): Promise<Sent<string>>;
  /**
   * Runs `run` of a file in a worker thread; input and output are structured clones. What it throws comes without its
   * class; a thread that dies fails the cells.
   */
  inThread<Output>(file: URL, input: unknown): Promise<Sent<Output>>;
}

export interface CallOf<Cell extends CellKey, Answer> {
  readonly limiter: LimiterRef;
  /** A part of the conversation was answered before: a refusal is about what was added to it. */
  readonly isContinued?: boolean;
  /** Sends one request for all of these cells; `CellError` fails them. */
  send(cells: readonly Cell[], sending: Sending): Promise<Sent<Answer>>;
  /**
   * One draft a cell, in their order. They are in the part, in one write, before the permit goes back. None for a step on
   * the way that cost nothing.
   */
  keep(answer: Answer, cells: readonly Cell[]): readonly Draft[];
  /** What becomes of one cell whose request was refused or whose answer the endpoint threw away; null: it fails. */
  whenRefused?(error: ModelError): Draft | null;
}

export interface Calls {
  /**
   * One call for some cells; passing faults are tried again in here. A list that is refused (4xx), or kills its thread, is
   * asked again cell by cell. Rejects with `CellError` when no cell is left, after a `failed` record of each. Lets pass
   * what ends the slice, as a maker has to: `WaitError`, `ModelError` of a build that stops, `StoreError`.
   */
  call<Cell extends CellKey, Answer>(cells: readonly Cell[], of: CallOf<Cell, Answer>): Promise<void>;
  /** Records that cost no call, in one write. */
  keep(cells: readonly CellKey[], drafts: readonly Draft[]): Promise<void>;
  /** Names of the files of cells that a foreign activity wrote; null before it ran. */
  readonly returned: readonly string[] | null;
  readonly files: ForeignFiles;
  readonly pictures: Pictures;
  /** A module of the dataset, by its hash. */
  module(hash: string): Promise<UserModule>;
  readonly settings: Pick<Settings, 'maxConversationRestarts' | 'maxConversationCorrectionSteps' | 'tools'>;
}

/** The pictures of a column as files of the dataset. */
export interface Pictures {
  /** Writes a picture, whole and durably. Throws `StoreError`. */
  keep(bytes: Buffer, format: string): Promise<PictureFile>;
}

/** What a foreign activity is given and gives back. */
export interface ForeignFiles {
  /** Writes its rows, a JSON line each; returns the file's name. */
  writeRows(lines: readonly Value[]): Promise<string>;
  /** Makes the folder where each of its attempts writes cells into a file of its own; returns its name. */
  makeCellsFolder(): Promise<string>;
  /** The cells of one of those files; lines that are no JSON, such as a torn last one, are left out. */
  readCells(name: string): Promise<readonly Value[]>;
}

/** Who is asked does not answer now, and the cell is for later. */
export class WaitError extends RowloomError {
  readonly error: ModelError;
  readonly retryAfterMs: number;
  constructor(error: ModelError, retryAfterMs: number) {
    super(error.message);
    this.error = error;
    this.retryAfterMs = retryAfterMs;
  }
}
