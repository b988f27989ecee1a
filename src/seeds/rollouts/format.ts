import type { ValueObject } from '../../values.ts';
import type { Session } from './session.ts';

/** A file of sessions, opened. */
export interface SessionFile {
  /** Its name without folder and ending. */
  readonly stem: string;
  readonly isJson: boolean;
  /** The objects of its lines, or its one object. */
  readonly records: readonly ValueObject[];
}

/** How one agent records its sessions. */
export interface RolloutFormat {
  /** Where they are unless a document says so, below the user's home; null where nobody can know. */
  readonly home: string | null;
  readonly pattern: string;
  /** Whether a file, by its path below the folder, holds a session. */
  isSession(relativePath: string): boolean;
  /** The name of files that tell more of sessions. */
  readonly indexName?: string;
  /** By session what such a file tells of it. */
  readIndex?(index: ValueObject): readonly (readonly [session: string, entry: ValueObject])[];
  /** Throws `RolloutError` for what is not in this format. */
  read(file: SessionFile, index: ReadonlyMap<string, ValueObject>): Session;
}
