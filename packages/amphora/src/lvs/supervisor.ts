/** All UDP and SCTP listeners of the amphora, a keepalived each. */
import { mkdir, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lvsFiles } from '@octavia/protocol/lvs-files';
import { isUuid } from '../haproxy/paths.ts';
import type { Log } from '../log.ts';
import type { AgentState } from '../state/agent-state.ts';
import { writeFileAtomic } from '../state/atomic-file.ts';
import { Supervisor } from '../system/supervisor.ts';
import { prepareForwarding, releaseForwarding } from './forwarding.ts';
import { LvsListener, type LvsListenerOptions } from './listener.ts';
import { SCTP_CHECK } from './sctp-check.ts';

/** After a boot interfaces come late; checks before that would take every member for dead. */
const INTERFACES_LIMIT_MS = 10_000;

export class LvsSupervisor extends Supervisor<LvsListener> {
  readonly #options: Omit<LvsListenerOptions, 'prepare'>;
  readonly #began = Date.now();
  #prepared = false;

  constructor(options: Omit<LvsListenerOptions, 'prepare'>, state: AgentState, log: Log) {
    super('keepalived', state, log);
    this.#options = options;
  }

  async begin(): Promise<void> {
    const { folder, sctpCheck } = lvsFiles(this.#options.basePath);
    await mkdir(dirname(sctpCheck), { recursive: true, mode: 0o700 });
    await writeFileAtomic(sctpCheck, SCTP_CHECK, 0o755);
    await this.adopt((await readdir(folder)).filter(isUuid));
    if (this.wanted().length > 0) {
      await this.#prepare().catch((error: unknown) =>
        this.log.error({ err: error }, 'The kernel could not be made ready for UDP and SCTP listeners'),
      );
    }
    this.watch();
  }

  protected make(id: string, onExit: () => void): LvsListener {
    return new LvsListener(id, { ...this.#options, prepare: () => this.#prepare() }, onExit);
  }

  protected override async canStart(): Promise<boolean> {
    if (Date.now() - this.#began > INTERFACES_LIMIT_MS) return true;
    const present = new Set((await this.#options.namespace.links('inside')).filter(({ up }) => up).map((l) => l.name));
    return this.state.ports().every((port) => present.has(port.name));
  }

  async #prepare(): Promise<void> {
    if (this.#prepared) return;
    await prepareForwarding(this.#options.namespace);
    this.#prepared = true;
  }

  protected override async emptied(): Promise<void> {
    if (!this.#prepared) return;
    this.#prepared = false;
    await releaseForwarding(this.#options.namespace);
  }
}
