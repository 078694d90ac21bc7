import { readFileSync } from 'node:fs';

/** Stops a process and its children as they are, and lets them go on. */
export class Freezer {
  readonly #pid: number;
  #frozen: number[] = [];

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** The parent first: it must not make children that run on. */
  freeze(): void {
    process.kill(this.#pid, 'SIGSTOP');
    this.#frozen.push(this.#pid);
    const children = readFileSync(`/proc/${this.#pid}/task/${this.#pid}/children`, 'utf8').trim().split(' ');
    for (const pid of children.filter(Boolean).map(Number)) {
      process.kill(pid, 'SIGSTOP');
      this.#frozen.push(pid);
    }
  }

  thaw(): void {
    for (const pid of this.#frozen.splice(0)) process.kill(pid, 'SIGCONT');
  }
}
