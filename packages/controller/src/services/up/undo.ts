/** What a start made so far, to be taken back when it does not succeed. */
export class UndoStack {
  readonly #actions: (() => unknown)[] = [];

  push(action: () => unknown): void {
    this.#actions.push(action);
  }

  /** Newest first. An action that fails does not keep the others from running. */
  async run(): Promise<void> {
    for (const action of this.#actions.splice(0).reverse()) {
      try {
        await action();
      } catch (error) {
        process.stderr.write(`Cleaning up after the failed start: ${String(error)}\n`);
      }
    }
  }
}
