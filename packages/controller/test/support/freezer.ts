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
    this.#stop(this.#pid);
    const children = readFileSync(`/proc/${this.#pid}/task/${this.#pid}/children`, 'utf8').trim().split(' ');
    for (const pid of children.filter(Boolean).map(Number)) this.#stop(pid);
  }

  thaw(): void {
    for (const pid of this.#frozen.splice(0)) signal(pid, 'SIGCONT');
  }

  #stop(pid: number): void {
    if (signal(pid, 'SIGSTOP')) this.#frozen.push(pid);
  }
}

/** A child that was about to end (autovacuum has such) is gone as soon as its parent runs again. */
function signal(pid: number, name: 'SIGSTOP' | 'SIGCONT'): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    return false;
  }
}
