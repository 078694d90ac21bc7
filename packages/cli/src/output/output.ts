/** What a command shows, and how it was asked to show it. */

/** Rows of a list. */
export interface Listing {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** The fields of one object. */
export interface OneRecord {
  readonly columns: readonly string[];
  readonly values: readonly unknown[];
}

/** Options of the formatters, by their names on the command line. */
export interface OutputOptions {
  readonly format: string;
  /** Asked for by name; all when empty. */
  readonly column: readonly string[];
  readonly sort_column: readonly string[];
  readonly sort_direction: 'asc' | 'desc' | null;
  readonly max_width: number;
  readonly fit_width: boolean;
  readonly print_empty: boolean;
  readonly noindent: boolean;
  readonly prefix: string;
  readonly variable: readonly string[];
  readonly quote: string;
  /** Columns of the terminal; null when the output is none. */
  readonly terminal: number | null;
}

export interface Formatter {
  list?(listing: Listing, options: OutputOptions): string;
  one?(record: OneRecord, options: OutputOptions): string;
}
