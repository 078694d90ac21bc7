/** One amphora as a machine: what the controller gives it, and how it asks its agent. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { agentPaths } from '@octavia/protocol/agent-api';
import { AgentClient } from '../../../packages/amphora/test/support/agent-client.ts';
import { makeCa, makeCertificate } from '../../../packages/amphora/test/support/test-certificates.ts';
import { until } from '../../kit/until.ts';
import type { Machine } from './machine.ts';

export const AMPHORA_ID = 'aaaaaaaa-0000-4000-8000-000000000011';
/** Without KVM a boot takes a minute, beside other programs several. */
export const BOOT_PATIENCE_MS = 900_000;

export interface Identity {
  /** As the controller sends them: path in the amphora → content. */
  files: Record<string, string>;
  connect(port: number): AgentClient;
}

/** @param folder for keys and certificates */
export function makeIdentity(folder: string): Identity {
  const certs = join(folder, 'certs');
  mkdirSync(certs);
  const { cert: ca } = makeCa(certs, 'server_ca', 'ec');
  const server = makeCertificate(certs, 'server_ca', AMPHORA_ID, 'serverAuth', { kind: 'ec' });
  const clientCa = makeCa(certs, 'client_ca', 'ec');
  const client = makeCertificate(certs, 'client_ca', 'controller', 'clientAuth', { kind: 'ec' });
  const configuration = `[haproxy_amphora]
bind_host = ::
bind_port = 9443
[health_manager]
heartbeat_interval = 10
[amphora_agent]
agent_server_ca = /etc/octavia/certs/client_ca.pem
agent_server_cert = /etc/octavia/certs/server.pem
administrative_log_facility = 3
amphora_id = ${AMPHORA_ID}
`;
  return {
    files: {
      '/etc/octavia/amphora-agent.conf': configuration,
      '/etc/octavia/certs/server.pem': server.cert + server.key,
      '/etc/octavia/certs/client_ca.pem': clientCa.cert,
    },
    connect: (port) => new AgentClient(port, { ca, client, serverName: AMPHORA_ID }),
  };
}

/** @returns seconds from the power-on to the answer */
export async function agentAnswers(machine: Machine, client: AgentClient): Promise<number> {
  await until(
    'the agent answers',
    async () => (await client.send('GET', agentPaths.info())).status === 200,
    BOOT_PATIENCE_MS,
  ).catch((error: Error) => {
    throw new Error(`${error.message}\n${machine.serial.slice(-4000)}`);
  });
  return (performance.now() - machine.startedAt) / 1000;
}
