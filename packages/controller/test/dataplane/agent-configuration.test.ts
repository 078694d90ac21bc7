import { parseOsloIni } from '@octavia/protocol/oslo-ini';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderAgentConfiguration, writeIni } from '../../src/dataplane/agent-configuration.ts';
import { isOctaviaError } from '../../src/errors.ts';

const given = {
  amphoraId: 'a0000000-0000-4000-8000-000000000001',
  controllerIpPortList: ['198.18.0.1:5555', '[fd00::1]:5555'],
  heartbeatInterval: 3,
  heartbeatKey: 'insecure',
  bindHost: '198.18.0.7',
  bindPort: 9443,
};

it('has the options that the agent reads', () => {
  const options = parseOsloIni(renderAgentConfiguration(given)).map(({ section, name, value }) => [
    `${section}.${name}`,
    value,
  ]);
  expect(Object.fromEntries(options)).toEqual({
    'DEFAULT.debug': 'False',
    'haproxy_amphora.base_path': '/var/lib/octavia',
    'haproxy_amphora.base_cert_dir': '/var/lib/octavia/certs',
    'haproxy_amphora.bind_host': '198.18.0.7',
    'haproxy_amphora.bind_port': '9443',
    'haproxy_amphora.haproxy_cmd': '/usr/sbin/haproxy',
    'controller_worker.loadbalancer_topology': 'SINGLE',
    'health_manager.controller_ip_port_list': '198.18.0.1:5555, [fd00::1]:5555',
    'health_manager.heartbeat_interval': '3',
    'health_manager.heartbeat_key': 'insecure',
    'amphora_agent.agent_server_ca': '/etc/octavia/certs/client_ca.pem',
    'amphora_agent.agent_server_cert': '/etc/octavia/certs/server.pem',
    'amphora_agent.agent_request_read_timeout': '180',
    'amphora_agent.agent_tls_protocol': 'TLSv1.2',
    'amphora_agent.administrative_log_facility': '1',
    'amphora_agent.amphora_id': given.amphoraId,
  });
});

describe('any value', () => {
  const special = fc.constantFrom(
    '"',
    "'",
    ' ',
    '\t',
    '\n',
    '\r',
    '#',
    ';',
    '[',
    ']',
    '=',
    ':',
    '$',
    '\\',
    '\u2028',
    'a',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(special).map((parts) => parts.join('')),
  );

  it('is read back by the agent, or refused', () => {
    fc.assert(
      fc.property(text, (value) => {
        let file: string;
        try {
          file = writeIni({ section: { before: 1, name: value, after: true } });
        } catch (error) {
          expect(isOctaviaError(error, 'UNSAFE_CONFIGURATION_VALUE')).toBe(true);
          expect(value).toMatch(/[\p{Cc}\u2028\u2029]/u);
          return;
        }
        expect(parseOsloIni(file).map((option) => [option.name, option.value])).toEqual([
          ['before', '1'],
          ['name', value],
          ['after', 'True'],
        ]);
      }),
      { numRuns: 1000 },
    );
  });
});
