/** Keeps house in a process of its own and hangs in its duty: the parent kills it there. argv: url */
import { SILENT_LOG } from '@octavia/protocol/log';
import { Housekeeper } from '../../src/housekeeping/housekeeper.ts';
import { Store } from '../../src/store/core/database.ts';

const store = new Store({ url: process.argv[2] ?? '', maxConnections: 2 });
const duty = {
  name: 'long',
  intervalSeconds: 3600,
  async run() {
    console.log('working');
    await new Promise((resolve) => setTimeout(resolve, 600_000));
    return { summary: null };
  },
};
await new Housekeeper({ store, holder: 'child', duties: [duty], log: SILENT_LOG }).round();
