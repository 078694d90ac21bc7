/**
 * Compute service of the local cloud: every instance is a sandbox on this host.
 *
 * Every call may be cut off at any point and be repeated, by another process too. So each instance has a lock that dies
 * with its holder, `instance.json` says "running" only when everything is done, and whatever is found of a sandbox that
 * is not recorded is removed and made afresh: it has not served anybody yet.
 */
import { mkdir, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOctaviaError, OctaviaError } from '../../../errors.ts';
import type { LocalInstance } from '../../local-host/instance.ts';
import { listLinks } from '../../local-host/ip.ts';
import { withHostLock } from '../../local-host/lock.ts';
import { isAlive, killProcesses, type ProcessIdentity } from '../../local-host/process.ts';
import type { NetworkDriver, Port } from '../../network/interface.ts';
import type { BuildRequest, ComputeDriver, ComputeInstance } from '../interface.ts';
import { ipvsMissing, loadIpvs } from './ipvs.ts';
import { LOGGING_FILES } from './logging.ts';
import {
  directoryExists,
  directoryOf,
  type InstanceRecord,
  listInstanceIds,
  readRecord,
  writeFiles,
  writeRecord,
} from './record.ts';
import { findSandbox, readConsoleTail, startSandbox } from './sandbox.ts';
import { mendPorts, plugManagementPort, plugPorts, unplugPorts } from './wiring.ts';

export interface LocalComputeOptions {
  instance: LocalInstance;
  network: NetworkDriver;
  /** The agent in one file, on the host. */
  agentBundle: string;
  /** Node binary that runs the agent. Default: `OCTAVIA_AGENT_NODE`, else the one that runs us. */
  agentNode?: string;
  /** Told about instances that could not be booted again; the others go on. */
  onRecoverError?: (id: string, error: unknown) => void;
}

const managementPortName = (id: string): string => `octavia-mgmt-${id}`;
const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function isRunning(record: InstanceRecord): record is InstanceRecord & { process: ProcessIdentity } {
  return record.state === 'running' && record.process !== null && isAlive(record.process);
}

/** A dying process has lost its network namespace (`ip` fails then) some moments before it counts as ended. */
async function endsSoon(process: ProcessIdentity): Promise<boolean> {
  for (let waited = 0; waited < 200; waited += 10) {
    if (!isAlive(process)) return true;
    await sleep(10);
  }
  return !isAlive(process);
}

export class LocalComputeDriver implements ComputeDriver {
  readonly name = 'compute_local_driver';
  readonly bootsHere = true;
  readonly #instance: LocalInstance;
  readonly #network: NetworkDriver;
  readonly #agentBundle: string;
  readonly #agentNode: string;
  readonly #onRecoverError: (id: string, error: unknown) => void;

  constructor(options: LocalComputeOptions) {
    this.#instance = options.instance;
    this.#network = options.network;
    this.#agentBundle = options.agentBundle;
    this.#agentNode = options.agentNode ?? process.env.OCTAVIA_AGENT_NODE ?? process.execPath;
    this.#onRecoverError = options.onRecoverError ?? (() => undefined);
  }

  /** The id of an instance is its amphora's. Returns when the sandbox runs and eth0 is up. @throws COMPUTE_BUILD_FAILED */
  async build(request: BuildRequest): Promise<ComputeInstance> {
    const id = request.amphoraId;
    try {
      return await this.#locked(id, async (directory) => {
        let record = await readRecord(directory);
        if (record && isRunning(record)) return this.#describe(directory, record);
        const fresh = !(await directoryExists(directory));
        if (!record || record.state === 'building') {
          record = await this.#prepare(directory, request);
        }
        return this.#describe(directory, await this.#boot(directory, record, fresh));
      });
    } catch (error) {
      if (isOctaviaError(error)) throw error;
      throw new OctaviaError('COMPUTE_BUILD_FAILED', { name: request.name, detail: reason(error) }, { cause: error });
    }
  }

  async get(id: string): Promise<ComputeInstance | null> {
    const directory = directoryOf(this.#instance, id);
    if (!(await directoryExists(directory))) return null;
    const record = await readRecord(directory);
    if (record) return this.#describe(directory, record);
    const unknown = { lbNetworkIp: null, imageId: null, flavor: null, zone: null, fault: null };
    return { id, name: `amphora-${id}`, status: 'BUILD', ...unknown };
  }

  find(amphoraId: string): Promise<ComputeInstance | null> {
    return this.get(amphoraId);
  }

  async list(): Promise<ComputeInstance[]> {
    const ids = await listInstanceIds(this.#instance);
    const instances = await Promise.all(ids.map((id) => this.get(id)));
    return instances.filter((instance) => instance !== null);
  }

  async delete(id: string): Promise<void> {
    await this.#locked(id, async (directory) => {
      if (await directoryExists(directory)) {
        const record = await readRecord(directory);
        await killProcesses(findSandbox(this.#instance, directory));
        if (record) await unplugPorts(this.#instance, [record.managementPort, ...record.ports.map(({ port }) => port)]);
      }
      const name = managementPortName(id);
      for (const port of await this.#network.listPorts(name)) {
        if (port.name !== name) continue;
        await unplugPorts(this.#instance, [port]);
        await this.#network.deletePort(port.id);
      }
      // Last: as long as the directory is there, a repeated call knows that there is something to do.
      await rm(directory, { recursive: true, force: true });
    });
  }

  /** @throws COMPUTE_ATTACH_FAILED */
  async attachPort(id: string, port: Port): Promise<void> {
    try {
      await this.#locked(id, async (directory) => {
        const record = await readRecord(directory);
        if (!record || !isRunning(record)) throw new Error('the instance does not run');
        const known = record.ports.find((attached) => attached.port.id === port.id);
        const links = await listLinks();
        if (known?.attachedTo === record.process.startTime) {
          const gone = await mendPorts(this.#instance, [port], links);
          if (gone.length === 0) return;
        }
        await unplugPorts(this.#instance, [port]);
        await plugPorts(this.#instance, record.process.pid, [port]);
        const others = record.ports.filter((attached) => attached !== known);
        const ports = [...others, { port, attachedTo: record.process.startTime }];
        await writeRecord(directory, { ...record, ports });
      });
    } catch (error) {
      const parameters = { port: port.id, instance: id, detail: reason(error) };
      throw new OctaviaError('COMPUTE_ATTACH_FAILED', parameters, { cause: error });
    }
  }

  async detachPort(id: string, portId: string): Promise<void> {
    await this.#locked(id, async (directory) => {
      const record = await readRecord(directory);
      const known = record?.ports.find((attached) => attached.port.id === portId);
      if (!record || !known) return;
      await unplugPorts(this.#instance, [known.port]);
      await writeRecord(directory, { ...record, ports: record.ports.filter((attached) => attached !== known) });
    });
  }

  ipvsMissing(): string | null {
    return ipvsMissing();
  }

  /**
   * Boots instances whose sandbox is gone, with their files and ports; the agent rebuilds the rest from its own state.
   * Instances that were never completely built are left to the flow that builds them.
   */
  async recover(): Promise<void> {
    // Before the agents that need it.
    await loadIpvs();
    for (const id of await listInstanceIds(this.#instance)) {
      try {
        await this.#locked(id, async (directory) => {
          const record = await readRecord(directory);
          if (!record || record.state === 'building') return;
          if (isRunning(record)) {
            const ports = [record.managementPort, ...record.ports.map(({ port }) => port)];
            await mendPorts(this.#instance, ports, await listLinks());
          } else {
            await this.#boot(directory, record, false);
          }
        });
      } catch (error) {
        this.#onRecoverError(id, error);
      }
    }
  }

  #locked<T>(id: string, work: (directory: string) => Promise<T>): Promise<T> {
    const directory = directoryOf(this.#instance, id);
    return withHostLock(`${this.#instance.tag}-${id}`, () => work(directory));
  }

  /** Directory, files and management port; described as `building` once all three are there. */
  async #prepare(directory: string, request: BuildRequest): Promise<InstanceRecord> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFiles(directory, { ...LOGGING_FILES, ...request.files });
    const { management } = this.#instance.networks;
    const managementPort = await this.#network.createPort({
      name: managementPortName(request.amphoraId),
      networkId: management.id,
      fixedIps: [{ subnetId: management.subnet.id }],
      deviceId: request.amphoraId,
      deviceOwner: 'compute:local',
    });
    const { amphoraId: id, name, imageId, flavor, zone } = request;
    const built = { id, name, imageId, flavor, zone };
    const record: InstanceRecord = { ...built, state: 'building', process: null, managementPort, ports: [] };
    await writeRecord(directory, record);
    return record;
  }

  /** Starts the sandbox and plugs all ports; leaves nothing behind when that fails. `fresh`: nothing can be there yet. */
  async #boot(directory: string, record: InstanceRecord, fresh: boolean): Promise<InstanceRecord> {
    const instance = this.#instance;
    const ports = record.ports.map(({ port }) => port);
    const clear = async (): Promise<void> => {
      await killProcesses(findSandbox(instance, directory));
      await unplugPorts(instance, [record.managementPort, ...ports]);
    };
    if (!fresh) await clear();
    let process: ProcessIdentity | null = null;
    try {
      const hostname = record.name.slice(0, 63);
      const [agentNode, agentBundle] = [this.#agentNode, this.#agentBundle];
      const sandbox = await startSandbox({ instance, directory, hostname, agentNode, agentBundle });
      process = sandbox.process;
      await plugManagementPort(instance, process.pid, record.managementPort);
      await plugPorts(instance, process.pid, ports);
      sandbox.release();
      await sandbox.running();
      const { startTime } = process;
      const attached = ports.map((port) => ({ port, attachedTo: startTime }));
      const running: InstanceRecord = { ...record, state: 'running', process, ports: attached };
      await writeRecord(directory, running);
      return running;
    } catch (error) {
      // The sandbox is set up while we plug: what bubblewrap said then tells more than what `ip` missed.
      const ended = process !== null && (await endsSoon(process));
      await clear();
      if (ended) throw new Error(`the sandbox ended at once: ${await readConsoleTail(directory)}`, { cause: error });
      throw error;
    }
  }

  async #describe(directory: string, record: InstanceRecord): Promise<ComputeInstance> {
    const { id, name, imageId = null, flavor = null, zone = null } = record;
    const lbNetworkIp = record.managementPort.fixedIps[0]?.ipAddress ?? null;
    const known = { id, name, lbNetworkIp, imageId, flavor, zone, fault: null };
    if (record.state === 'building') return { ...known, status: 'BUILD' };
    if (record.state === 'stopped') return { ...known, status: 'STOPPED' };
    if (isRunning(record)) return { ...known, status: 'ACTIVE' };
    const words = await readConsoleTail(directory);
    return { ...known, status: 'ERROR', fault: `the sandbox is gone${words ? `: ${words}` : ''}` };
  }
}
