/** What ends a command: one sentence on standard error and an exit code. */

export const EXIT = { done: 0, failed: 1, usage: 2, different: 2, interrupted: 130, brokenPipe: 141 } as const;

/** The command was understood and could not be carried out. Exit code 1 unless told otherwise. */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.name = 'CommandFailure';
    this.exitCode = exitCode;
  }
}

/** The command line was not understood. The message goes behind the usage. Exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
