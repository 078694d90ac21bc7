/** Requests to the control plane of a state directory, as from a program in the namespace of its bench. */
import { findControlPlane } from '../../demo/control-plane.ts';
import { ask } from './cookbook/client.ts';
import { Testbed } from './cookbook/netns-testbed.ts';
import type { Bench } from './harness.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of the API as they are
export type Json = any;

export class Api {
  readonly #bench: Bench;
  readonly #stateDir: string;
  #testbed: Promise<Testbed> | null = null;

  constructor(bench: Bench, stateDir: string) {
    this.#bench = bench;
    this.#stateDir = stateDir;
  }

  /**
   * @param path e.g. `/v2/lbaas/loadbalancers`
   * @throws Error when no control plane runs there or it gives no answer
   */
  async call(method: string, path: string, body?: object): Promise<{ status: number; body: Json }> {
    // Each time anew: the control plane may have been started again meanwhile.
    const controlPlane = findControlPlane(this.#stateDir);
    if (controlPlane === null) throw new Error('No control plane runs on the state directory.');
    const { hostname, port } = new URL(controlPlane.endpoint);
    const answer = await ask(await this.#open(), hostname, {
      port: Number(port),
      path,
      method,
      headers: { 'content-type': 'application/json', 'x-project-id': 'e2e' },
      timeoutMs: 30_000,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: answer.body === '' ? null : JSON.parse(answer.body) };
  }

  /** One program for all requests: starting a Node for each costs more than what it asks for. */
  #open(): Promise<Testbed> {
    this.#testbed ??= Testbed.open(this.#bench).then((testbed) => {
      this.#bench.beforeRemoval(() => testbed.close());
      return testbed;
    });
    return this.#testbed;
  }
}
