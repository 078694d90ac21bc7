import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach } from 'vitest';
import { type AuthorityPaths, ensureAuthorities } from '../../../src/clouds/certificates/local/ensure-authorities.ts';
import type { AmphoraDataplaneDriver } from '../../../src/dataplane/amphora/driver.ts';
import type { AmphoraDriverOptions } from '../../../src/dataplane/amphora/options.ts';
import { temporaryFolder } from '../../certificates/support.ts';
import { type AgentCredentials, AgentServer, type ScriptedAnswer } from './agent-server.ts';
import { credentialsOf, driverFor } from './drivers.ts';
import { AMPHORA_ID } from './tree.ts';

export const OK: ScriptedAnswer = { status: 200, body: { message: 'OK' } };

export interface PlayedAgent {
  agent: AgentServer;
  port: number;
  credentials: AgentCredentials;
  /** Files of the authorities that the agent and the driver trust. */
  paths: AuthorityPaths;
  driver: AmphoraDataplaneDriver;
  /** Another driver for the agent: the test closes it, or makes it `driver`. */
  makeDriver(given: Partial<AmphoraDriverOptions>): AmphoraDataplaneDriver;
}

/** An agent that answers so (OK to everything unless told), and a driver that asks it: new ones for each test of the file. */
export function playAgent(
  answer: AgentServer['answer'] = () => OK,
  options: () => Partial<AmphoraDriverOptions> = () => ({}),
): PlayedAgent {
  const folder = temporaryFolder();
  const played = {
    makeDriver: (given) => driverFor(played.paths, played.port, given),
  } as PlayedAgent;

  beforeAll(async () => {
    played.paths = await ensureAuthorities(join(folder, 'certs'));
    played.credentials = await credentialsOf(AMPHORA_ID, played.paths);
  });
  beforeEach(async () => {
    played.agent = new AgentServer(played.credentials);
    played.agent.answer = answer;
    played.port = await played.agent.listen();
    played.driver = played.makeDriver(options());
  });
  afterEach(async () => {
    await played.driver.close();
    await played.agent.close();
  });
  return played;
}
