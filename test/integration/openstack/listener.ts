/** Hears what the bus is told, as services in Python do. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensureDebianPackages } from '../debian.ts';
import type { Found } from './stage.ts';

const READER = join(import.meta.dirname, 'notifications.py');

interface Notification {
  event: string;
  /** When it was sent, milliseconds since 1970. */
  at: number;
  payload: Found;
}

export class Listener {
  /** Oldest first. */
  readonly heard: Notification[] = [];
  readonly #child: ChildProcess;

  /** @param pool name of a queue of its own, beside that of the services that listen there */
  constructor(url: string, exchange: string, topic: string, pool: string) {
    ensureDebianPackages(['python3-oslo.messaging'], ['/usr/lib/python3/dist-packages/oslo_messaging']);
    const words = ['-W', 'ignore', READER, url, exchange, topic, pool];
    this.#child = spawn('/usr/bin/python3', words, { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      const { event, timestamp, payload } = JSON.parse(line);
      this.heard.push({ event, at: new Date(`${timestamp.replace(' ', 'T')}Z`).getTime(), payload });
    });
  }

  /** Of one load balancer, what became of it, each once. */
  verbs(id: string): string[] {
    const own = this.heard.filter(({ payload }) => payload.id === id);
    return [...new Set(own.map(({ event }) => event.replace(/^octavia\.loadbalancer\.|\.end$/g, '')))];
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin!.end();
    await ended;
  }
}
