import { readFileSync } from 'node:fs';
import { findPostmaster } from '../../src/local/postgres/process.ts';
import type { TestPostgres } from './postgres.ts';

/** Stops the processes of a PostgreSQL as they are, and lets them go on. */
export class Freezer {
  readonly #pid: number;
  #frozen: number[] = [];

  constructor({ folder }: TestPostgres) {
    this.#pid = findPostmaster(`${folder}/postgres/data`)!.pid;
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
