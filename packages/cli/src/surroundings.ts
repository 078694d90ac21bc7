/** What is around a command line; tests bring their own. */
export interface Surroundings {
  /** What the program is called in usage lines: `octavia`. */
  readonly name: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes all of it before it returns, or takes it to write. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Columns of the terminal on standard output; null where that is none. */
  readonly terminal: () => number | null;
  /** Lines of that terminal. */
  readonly rows?: () => number | null;
  /** Whether standard error is a terminal, where progress may be drawn. */
  readonly errIsTerminal: () => boolean;
  /** Columns of that terminal. */
  readonly errColumns?: () => number | null;
  /** Aborted by Ctrl-C. */
  readonly signal?: AbortSignal;
}
