import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach } from 'vitest';
import { type AuthorityPaths, ensureAuthorities } from '../../../src/clouds/certificates/local/ensure-authorities.ts';
import type { AmphoraDataplaneDriver } from '../../../src/dataplane/amphora/driver.ts';
import type { AmphoraDriverOptions } from '../../../src/dataplane/amphora/options.ts';
import { temporaryFolder } from '../../certificates/support.ts';
import { type AgentCredentials, AgentServer } from './agent-server.ts';
import { credentialsOf, driverFor } from './drivers.ts';
import { AMPHORA_ID } from './tree.ts';

/** An agent that answers so, and a driver that asks it: new ones for each test of the file. */
export function playAgent(
  answer: AgentServer['answer'],
  options: () => Partial<AmphoraDriverOptions> = () => ({}),
): { agent: AgentServer; driver: AmphoraDataplaneDriver } {
  const folder = temporaryFolder();
  const played = {} as ReturnType<typeof playAgent>;
  let paths: AuthorityPaths;
  let credentials: AgentCredentials;

  beforeAll(async () => {
    paths = await ensureAuthorities(join(folder, 'certs'));
    credentials = await credentialsOf(AMPHORA_ID, paths);
  });
  beforeEach(async () => {
    played.agent = new AgentServer(credentials);
    played.agent.answer = answer;
    played.driver = driverFor(paths, await played.agent.listen(), options());
  });
  afterEach(async () => {
    await played.driver.close();
    await played.agent.close();
  });
  return played;
}
