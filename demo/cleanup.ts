/** What is to be undone at the end, whatever happens: newest first, once. */
export class Cleanup {
  readonly #actions: { what: string; action: () => unknown }[] = [];

  add(what: string, action: () => unknown): void {
    this.#actions.push({ what, action });
  }

  /** @returns what could not be undone */
  async run(): Promise<string[]> {
    const failures: string[] = [];
    for (const { what, action } of this.#actions.splice(0).reverse()) {
      try {
        await action();
      } catch (error) {
        failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return failures;
  }
}
