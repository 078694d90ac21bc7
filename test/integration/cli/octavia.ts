/** Our command line, in this process. */
import type { Send } from '@octavia/client';
import { cloudServices } from '../../../packages/cli/src/run/cloud.ts';
import { carryOut } from '../../../packages/cli/src/run/run.ts';
import type { Surroundings } from '../../../packages/cli/src/surroundings.ts';
import { understand } from '../../../packages/cli/src/understand.ts';
import type { Ended } from '../clients/openstack.ts';
import type { Python } from './python.ts';

/**
 * By the name `openstack`, so that texts are the same.
 * @param noting what every exchange goes through
 */
export async function runOctavia(
  words: readonly string[],
  noting: (send: Send) => Send = (send) => send,
): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  const surroundings: Surroundings = {
    name: 'openstack',
    env: { HOME: '/nonexistent' },
    out: (text) => {
      said.stdout += text;
    },
    err: (text) => {
      said.stderr += text;
    },
    terminal: () => null,
    errIsTerminal: () => false,
  };
  const noted: typeof cloudServices = (around, globals, layers, password) =>
    cloudServices(around, globals, (send) => layers(noting(send)), password);
  const understood = await understand(words, surroundings);
  const code = typeof understood === 'number' ? understood : await carryOut(understood, surroundings, noted);
  return { code, ...said };
}

/** The runner of scenarios: commands of other services are the openstack client's. */
export class Octavia {
  readonly #connection: string[];
  readonly #python: Python;

  constructor(endpoint: string, python: Python) {
    this.#connection = ['--os-auth-type', 'none', '--os-endpoint', endpoint];
    this.#python = python;
  }

  run(words: string[]): Promise<Ended> {
    const all = [...this.#connection, ...words];
    return words[0] === 'loadbalancer' ? runOctavia(all) : this.#python.ask({ words: all });
  }
}
