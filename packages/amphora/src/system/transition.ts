/** The time while keepalived is started, stopped or reloaded: nothing else may change meanwhile. */
import { AnswerError } from '../http/answer.ts';

export class Transition {
  #running = 0;

  get inProgress(): boolean {
    return this.#running > 0;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
    }
  }

  /** @throws AnswerError 503, which controllers repeat */
  requireNone(): void {
    if (this.inProgress) throw new AnswerError(503, { message: 'Topology transition in progress' });
  }
}
