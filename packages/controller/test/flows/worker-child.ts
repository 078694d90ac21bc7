/** A worker in a process of its own that hangs in its second step: the parent kills it there. argv: url, workerId */
import { SILENT_LOG } from '@octavia/protocol/log';
import { FlowEngine } from '../../src/flows/engine.ts';
import { Reconciler, thisWorker } from '../../src/flows/reconciler.ts';
import { Store } from '../../src/store/core/database.ts';
import { flowWith, storeOnly } from './support.ts';

const [url = '', workerId = ''] = process.argv.slice(2);
const store = new Store({ url, maxConnections: 4 });
const flow = flowWith([
  {
    name: 'one',
    async run() {
      console.log('one');
      return undefined;
    },
  },
  {
    name: 'two',
    async run() {
      console.log('two');
      await new Promise(() => undefined);
      return undefined;
    },
  },
]);
const engine = new FlowEngine({ url, workerId, dispatchIntervalMs: 20 }, storeOnly(store), flow);
await new Reconciler(store, engine, thisWorker(workerId), SILENT_LOG).announce();
await engine.start();
