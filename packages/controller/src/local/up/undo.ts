import { OctaviaError } from '../../errors.ts';

/** What a start made so far, to be taken back when it does not succeed. */
export class UndoStack {
  readonly #actions: (() => unknown)[] = [];

  #interruption: string | null = null;

  /** @throws OctaviaError START_INTERRUPTED when the start was interrupted meanwhile; the action is kept and will run */
  push(action: () => unknown): void {
    this.#actions.push(action);
    this.check();
  }

  /** From now on the start goes no further than its present step. */
  interrupt(signal: string): void {
    this.#interruption = signal;
  }

  check(): void {
    if (this.#interruption === null) return;
    throw new OctaviaError('START_INTERRUPTED', { signal: this.#interruption });
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
