/** What a command has of the process around it. */
export interface CliContext {
  readonly cwd: string;
  readonly home: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Both streams lead to a person. */
  readonly isTerminal: boolean;
  /** Data, on stdout. */
  print(line: string): void;
  /** Talk, on stderr. */
  say(line: string): void;
  /** 0 complete, 1 ended incomplete, 2 bad input or no server. */
  setExitCode(code: 0 | 1 | 2): void;
}
