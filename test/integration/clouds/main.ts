/**
 * `npm run test:clouds`: asks openstacksdk and the openstack command of Debian what they make of the cases of
 * `packages/client/test/keystone/cloud-cases.ts` and compares with what is recorded; `-- --write` records it.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLOUD_CASES } from '../../../packages/client/test/keystone/cloud-cases.ts';
import { ensureDebianPackages } from '../debian.ts';

const GOLDEN = join(import.meta.dirname, '../../../packages/client/test/keystone/testdata/clouds.golden.json');

ensureDebianPackages(
  ['python3-openstacksdk', 'python3-openstackclient'],
  ['/usr/lib/python3/dist-packages/openstack', '/usr/lib/python3/dist-packages/openstackclient'],
);
const { stdout, stderr, status } = spawnSync('/usr/bin/python3', [join(import.meta.dirname, 'ask.py')], {
  input: JSON.stringify(Object.values(CLOUD_CASES)),
  encoding: 'utf8',
  // Python's own environment: the variables of this shell are none of the cases'.
  env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' },
});
if (status !== 0) throw new Error(`ask.py ended with ${status}:\n${stderr}`);
const results = JSON.parse(stdout) as unknown[];
const text = `${JSON.stringify(Object.fromEntries(Object.keys(CLOUD_CASES).map((name, index) => [name, results[index]])), null, 2)}\n`;
if (process.argv.includes('--write')) {
  writeFileSync(GOLDEN, text);
  process.stdout.write(`${results.length} results written\n`);
} else if (readFileSync(GOLDEN, 'utf8') === text) {
  process.stdout.write(`${results.length} results are as recorded\n`);
} else {
  process.stdout.write(
    'The results differ from what is recorded: see `npm run test:clouds -- --write` and git diff.\n',
  );
  process.exitCode = 1;
}
