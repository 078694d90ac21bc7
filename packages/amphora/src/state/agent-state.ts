/** What the agent must know after a reboot: its plugged interfaces, and which HAProxys and keepaliveds should run. */
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../log.ts';
import type { InterfacePlan } from '../network/interface-plan.ts';
import { KeyedLock } from '../system/keyed-lock.ts';
import { writeFileAtomic } from './atomic-file.ts';

export type Desired = 'running' | 'stopped';

interface StateFile {
  version: 1;
  ports: InterfacePlan[];
  /** Also UDP and SCTP listeners, by their ids. */
  load_balancers: Record<string, Desired>;
  /** Left out: never started. */
  vrrp?: Desired;
}

export class AgentState {
  readonly #path: string;
  readonly #lock = new KeyedLock();
  readonly #data: StateFile;

  private constructor(path: string, data: StateFile) {
    this.#path = path;
    this.#data = data;
  }

  /** A file that cannot be read is set aside: the controller can plug and start everything again, a dead agent cannot. */
  static async load(basePath: string, log: Log): Promise<AgentState> {
    const path = join(basePath, 'agent-state.json');
    try {
      return new AgentState(path, parse(await readFile(path, 'utf8')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        log.error({ file: path, err: error }, 'The file of the agent’s state is not usable and was set aside');
        await rename(path, `${path}.unusable`);
      }
      return new AgentState(path, { version: 1, ports: [], load_balancers: {} });
    }
  }

  ports(): InterfacePlan[] {
    return [...this.#data.ports];
  }

  desired(id: string): Desired {
    return this.#data.load_balancers[id] ?? 'stopped';
  }

  vrrp(): Desired {
    return this.#data.vrrp ?? 'stopped';
  }

  async setVrrp(desired: Desired): Promise<void> {
    if (this.#data.vrrp === desired) return;
    this.#data.vrrp = desired;
    await this.#save();
  }

  async savePort(plan: InterfacePlan): Promise<void> {
    const others = this.#data.ports.filter((port) => port.mac !== plan.mac);
    this.#data.ports = [...others, plan].sort((a, b) => a.name.localeCompare(b.name));
    await this.#save();
  }

  async forgetPort(mac: string): Promise<void> {
    this.#data.ports = this.#data.ports.filter((port) => port.mac !== mac);
    await this.#save();
  }

  async setDesired(id: string, desired: Desired): Promise<void> {
    if (this.#data.load_balancers[id] === desired) return;
    this.#data.load_balancers[id] = desired;
    await this.#save();
  }

  async forget(id: string): Promise<void> {
    delete this.#data.load_balancers[id];
    await this.#save();
  }

  #save(): Promise<void> {
    return this.#lock.run('file', () => writeFileAtomic(this.#path, `${JSON.stringify(this.#data, null, 1)}\n`, 0o600));
  }
}

function parse(text: string): StateFile {
  const data = JSON.parse(text) as Partial<StateFile> | null;
  const usable =
    data?.version === 1 &&
    Array.isArray(data.ports) &&
    data.ports.every(
      (port) =>
        typeof port.mac === 'string' &&
        typeof port.name === 'string' &&
        Array.isArray(port.addresses) &&
        Array.isArray(port.routes) &&
        Array.isArray(port.rules),
    ) &&
    typeof data.load_balancers === 'object';
  if (!usable) throw new Error('not an agent state of version 1');
  return data as StateFile;
}
