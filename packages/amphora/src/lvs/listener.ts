/** One UDP or SCTP listener on this amphora: its stored configuration, its keepalived, and the way from one to the other. */
import { createHash } from 'node:crypto';
import { mkdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import type { ActionDone } from '@octavia/protocol/agent-api';
import { lvsFiles } from '@octavia/protocol/lvs-files';
import { configurationProblem } from '../keepalived/check.ts';
import { KeepalivedError, type KeepalivedFiles, KeepalivedProcess } from '../keepalived/process.ts';
import type { TrafficNamespace } from '../network/namespace.ts';
import { writeFileAtomic } from '../state/atomic-file.ts';
import { readIfPresent } from '../state/optional-file.ts';
import type { RunCommand } from '../system/run.ts';
import { type LvsConfiguration, readConfiguration } from './configuration.ts';
import { removeServices } from './table.ts';

/** Where the files of one UDP or SCTP listener lie. Ids must be checked with `isUuid` before they come here. */
interface LvsPaths extends KeepalivedFiles {
  folder: string;
  /** As uploaded and checked. */
  stored: string;
  /** An upload while it is checked. */
  candidate: string;
  /** There while a configuration is being taken over: an agent that dies meanwhile leaves open which one is in use. */
  taking: string;
  /** Written at each start: the kernel counts from zero then. */
  started: string;
}

export function lvsPaths(basePath: string, listenerId: string): LvsPaths {
  const folder = `${lvsFiles(basePath).folder}/${listenerId}`;
  return {
    folder,
    stored: `${folder}/keepalived.conf`,
    candidate: `${folder}/candidate.conf`,
    taking: `${folder}/taking`,
    started: `${folder}/started`,
    running: `${folder}/running.conf`,
    pid: `${folder}/keepalived.pid`,
    childPid: `${folder}/checkers.pid`,
    output: `${folder}/keepalived.out`,
  };
}

export interface LvsListenerOptions {
  basePath: string;
  keepalivedCmd: string;
  namespace: TrafficNamespace;
  run: RunCommand;
  /** Makes the kernel ready for any listener. @throws KeepalivedError */
  prepare: () => Promise<void>;
  /**
   * Called before the kernel forgets what the listener has counted. Must not throw. What the kernel has not added up yet, at
   * most the last two seconds, is lost.
   */
  beforeCountersReset: (listenerId: string) => Promise<void>;
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
const parse = (content: Buffer): LvsConfiguration => readConfiguration(content.toString('utf8'));

export class LvsListener {
  readonly id: string;
  readonly paths: LvsPaths;
  readonly #options: LvsListenerOptions;
  readonly #process: KeepalivedProcess;
  #changing = false;
  #balances = false;

  constructor(id: string, options: LvsListenerOptions, onExit: () => void) {
    this.id = id;
    this.#options = options;
    this.paths = lvsPaths(options.basePath, id);
    const { keepalivedCmd, namespace } = options;
    const own = { files: this.paths, part: 'check' as const, keepalivedCmd, onExit };
    this.#process = new KeepalivedProcess({ ...own, namespace: namespace.name });
  }

  stored(): Promise<Buffer | null> {
    return readIfPresent(this.paths.stored);
  }

  /** Null before the first start. */
  async running(): Promise<LvsConfiguration | null> {
    const content = await readIfPresent(this.paths.running);
    const configuration = content === null ? null : parse(content);
    this.#balances = configuration?.balances === true;
    return configuration;
  }

  /** Names the keepalived that should run; null where none has anything to do. */
  get pidFile(): string | null {
    return this.#balances ? this.paths.pid : null;
  }

  /** Differs after each start of keepalived. */
  async startedAt(): Promise<string> {
    return (await readIfPresent(this.paths.started))?.toString('utf8') ?? '';
  }

  /** keepalived is being started or reloaded right now: members come and go for a moment, which is not their status. */
  get changing(): boolean {
    return this.#changing;
  }

  /** Without a pool there is nothing to run and nothing that could fail. */
  async isServing(): Promise<boolean> {
    const running = await this.running();
    return running !== null && (!running.balances || (await this.#process.pid()) !== null);
  }

  /** SHA-256 of the configuration in use; null when none is. */
  async runningHash(): Promise<string | null> {
    const content = (await this.isServing()) ? await readIfPresent(this.paths.running) : null;
    return content === null ? null : sha256(content);
  }

  /** Checks, then stores; nothing changes when the check fails. Returns the hash. @throws KeepalivedError */
  async store(configuration: Buffer): Promise<string> {
    await mkdir(this.paths.folder, { recursive: true, mode: 0o700 });
    try {
      await writeFile(this.paths.candidate, configuration, { mode: 0o600 });
      const problem = await configurationProblem(this.#options, 'check', this.paths.candidate);
      if (problem !== null) throw new KeepalivedError(problem);
      await rename(this.paths.candidate, this.paths.stored);
    } finally {
      await rm(this.paths.candidate, { force: true });
      // Only an empty folder goes: a refused first upload must leave no trace of the listener.
      await rmdir(this.paths.folder).catch(() => {});
    }
    return sha256(configuration);
  }

  /**
   * Makes the stored configuration the running one. A reload keeps the flows, and what the checks know of the members.
   *
   * @param force reload also when the running configuration is the stored one
   * @throws KeepalivedError
   */
  async activate(force: boolean): Promise<ActionDone['applied']> {
    const stored = await this.stored();
    if (stored === null) throw new KeepalivedError(`no configuration is stored for ${this.id}`);
    const runningHash = await this.runningHash();
    if (runningHash === sha256(stored) && !force) return 'none';
    return this.#change(async () => {
      await writeFile(this.paths.taking, '', { mode: 0o600 });
      const applied = await this.#replace(stored, runningHash !== null);
      await rm(this.paths.taking, { force: true });
      return applied;
    });
  }

  /** Whether an agent died while it took over a configuration. */
  async isInDoubt(): Promise<boolean> {
    return (await readIfPresent(this.paths.taking)) !== null;
  }

  async #change<T>(work: () => Promise<T>): Promise<T> {
    this.#changing = true;
    try {
      return await work();
    } finally {
      this.#changing = false;
    }
  }

  async #replace(stored: Buffer, wasServing: boolean): Promise<ActionDone['applied']> {
    const before = await this.running();
    const reload = wasServing && before?.balances === true && parse(stored).balances;
    if (!reload) await this.#end(before);
    await writeFileAtomic(this.paths.running, stored, 0o600);
    if (reload) await this.#process.reload();
    else await this.#begin();
    return wasServing ? 'reload' : 'start';
  }

  /** Starts keepalived again after it died or the amphora booted. @throws KeepalivedError */
  async revive(): Promise<void> {
    const running = await this.running();
    if (running === null) {
      await this.activate(false);
      return;
    }
    await this.#change(async () => {
      await this.#end(running);
      await this.#begin();
    });
  }

  stop(): Promise<void> {
    return this.#change(async () => {
      await this.#end(await this.running());
      await rm(this.paths.running, { force: true });
    });
  }

  /** Takes the listener out of the kernel and removes everything of it. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.paths.folder, { recursive: true, force: true });
  }

  /** Keeps the file that takes keepalived's messages small. */
  boundOutput(): Promise<void> {
    return this.#process.boundOutput();
  }

  async #begin(): Promise<void> {
    if ((await this.running())?.balances !== true) return;
    await this.#options.prepare();
    await writeFileAtomic(this.paths.started, String(Date.now()), 0o600);
    await this.#process.start();
  }

  /** A keepalived that was killed leaves its entries, and a new one takes over none of them but believes they are right. */
  async #end(configuration: LvsConfiguration | null): Promise<void> {
    await this.#options.beforeCountersReset(this.id);
    await this.#process.stop();
    await removeServices(this.#options.namespace, configuration?.services ?? []);
  }
}
