/** What a command has of the process around it. */
export interface CliContext {
  readonly cwd: string;
  readonly home: string;
  readonly environment: NodeJS.ProcessEnv;
  /** What was typed behind "--", for a document that is a program; absent where there was none. */
  readonly scriptArgs?: readonly string[];
  /** Both streams lead to a person. */
  readonly isTerminal: boolean;
  /** The terminal that stdout leads to; null for a file or a pipe. */
  readonly screen: Screen | null;
  /** Data, on stdout. */
  print(line: string): void;
  /** Resolves when the reader of stdout has taken what was printed. */
  flush(): Promise<void>;
  /** Talk, on stderr. */
  say(line: string): void;
  /** 0 complete, 1 ended incomplete, 2 bad input or no server, 130 what Ctrl-C ended that keeps nothing. */
  setExitCode(code: 0 | 1 | 2 | 130): void;
}

export interface Screen {
  /** Characters a line. */
  readonly width: number;
  /** `NO_COLOR` is not set, and the terminal can. */
  readonly hasColors: boolean;
}
