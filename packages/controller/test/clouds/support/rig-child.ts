/** The controller's part of a test: runs in the test's network namespace and does what it is told, one JSON line each. */
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { until } from '../../../../../test/kit/until.ts';
import { LocalComputeDriver } from '../../../src/clouds/compute/local/driver.ts';
import { purgeAll, stopAll } from '../../../src/clouds/compute/local/teardown.ts';
import { ensureBridges, removeBridges } from '../../../src/clouds/local-host/bridges.ts';
import { type LocalInstance, loadInstance } from '../../../src/clouds/local-host/instance.ts';
import { LocalNetworkDriver } from '../../../src/clouds/network/local/driver.ts';
import { deterministicUuid } from '../../../src/domain/deterministic-uuid.ts';
import { Store } from '../../../src/store/core/database.ts';

interface Command {
  method: string;
  args: unknown[];
}

const [stateDir = '', netns = '', url = '', agentBundle = ''] = process.argv.slice(2);
const store = new Store({ url, maxConnections: 4 });
const network = new LocalNetworkDriver(store.db);
const instance: LocalInstance = await loadInstance({ stateDir, subnetRange: '198.18.0.0/15', netns });
const recoverErrors: string[] = [];
const compute = new LocalComputeDriver({
  instance,
  network,
  agentBundle,
  onRecoverError: (id, error) => recoverErrors.push(`${id}: ${error}`),
});

/** What the stand-in agent answers; retried, because it starts while we call. */
const ask = (address: string): Promise<object> =>
  until(`the agent at ${address} answers`, () => {
    return new Promise<object>((resolve, reject) => {
      let text = '';
      createConnection({ host: address, port: 9443 })
        .on('data', (chunk) => {
          text += chunk;
        })
        .on('error', reject)
        .on('end', () => resolve(JSON.parse(text)));
    });
  });

const methods: Record<string, (...args: never[]) => unknown> = {
  instance: () => instance,
  bridges: () => ensureBridges(instance),
  removeBridges: () => removeBridges(instance),
  bootstrap: () => network.bootstrap(instance),
  createPort: (request: Parameters<typeof network.createPort>[0]) => network.createPort(request),
  listPorts: (prefix: string) => network.listPorts(prefix),
  build: (id: string) =>
    compute.build({
      amphoraId: id,
      name: `amphora-${id}`,
      imageId: deterministicUuid('image of the rig'),
      volumeId: null,
      flavor: 'm1.amphora',
      zone: 'rack-1',
      networks: [],
      userData: { timezone: 'UTC' },
      files: { '/etc/octavia/amphora-agent.conf': `conf of ${id}`, '/etc/octavia/certs/server.pem': 'secret' },
    }),
  get: (id: string) => compute.get(id),
  list: () => compute.list(),
  delete: (id: string) => compute.delete(id),
  attach: (id: string, port: Parameters<typeof compute.attachPort>[1]) => compute.attachPort(id, port),
  detach: (id: string, portId: string) => compute.detachPort(id, portId),
  recover: async () => {
    await compute.recover();
    return recoverErrors;
  },
  stopAll: () => stopAll(instance),
  purgeAll: () => purgeAll(instance),
  ask,
};

process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const { method, args } = JSON.parse(line) as Command;
  const started = performance.now();
  try {
    const value = await (methods[method] as (...all: unknown[]) => unknown)(...args);
    process.stdout.write(`${JSON.stringify({ value, ms: performance.now() - started })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
  }
}
await store.close();
