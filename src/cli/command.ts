// What a command of `npx flambeau` is.

/** One command: a file of this folder, imported when it is asked for. */
export interface Command {
  /** What `--help` prints: the form of the call, then its options. */
  readonly usage: string;
  /**
   * Runs with what follows the command's name, usually read by `parseArgs` of `node:util`: its complaints count as wrong use.
   * @throws UsageError for arguments that make no sense; any other error is a failure.
   */
  run(args: readonly string[]): void | Promise<void>;
}

/** The command was called wrongly: its message and the usage are printed, and the exit status is 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}
