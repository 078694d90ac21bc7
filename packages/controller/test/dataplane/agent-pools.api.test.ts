/** Certificate files that are replaced while connections to an agent are open. */
import { copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ensureAuthorities } from '../../src/clouds/certificates/local/ensure-authorities.ts';
import { AgentServer } from './support/agent-server.ts';
import { credentialsOf, driverFor } from './support/drivers.ts';
import { AMPHORA_ID, makeAmphora } from './support/tree.ts';

const folder = mkdtempSync(join(tmpdir(), 'agent-pools-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  ['client certificate', 'clientCertificatePath', 'clientCertificateAndKey'],
  ['CA of agents', 'serverCaPath', 'serverCaCertificate'],
] as const)('a %s that is replaced counts from the next request on', async (_, option, name) => {
  const paths = await ensureAuthorities(join(folder, option));
  const others = await ensureAuthorities(join(folder, `${option}-others`));
  const file = join(folder, `${option}.pem`);
  const put = (original: string): void => {
    copyFileSync(original, `${file}.new`);
    renameSync(`${file}.new`, file);
  };
  put(paths[name]);
  const agent = new AgentServer(await credentialsOf(AMPHORA_ID, paths));
  const driver = driverFor(paths, await agent.listen(), { [option]: file });
  const answer = () => driver.details(makeAmphora());
  try {
    await answer();
    put(others[name]);
    await expect(answer()).rejects.toMatchObject({ code: 'AMPHORA_UNREACHABLE' });
    put(paths[name]);
    await answer();
  } finally {
    await driver.close();
    await agent.close();
  }
});
