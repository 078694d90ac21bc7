/** One error that crosses a border of the system. Placeholders `{name}` are filled from its parameters. */
interface CatalogueEntry {
  /** HTTP status when the error reaches the API. */
  status: number;
  /** What a tenant or, at start-up, an operator reads. Its code-style parts are wire-compatible. */
  message: string;
  /** What an operator or tenant can do about it. */
  remedy: string;
}

/** A part of the catalogue; its type keeps the codes. */
export const define = <T extends Record<string, CatalogueEntry>>(table: T): T => table;
