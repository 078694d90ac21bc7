/** The agent's configuration file, and what the agent reads of HAProxy's. */
import { describe, expect, test } from 'vitest';
import { parseSettings, parseTarget } from '../src/config/settings.ts';
import { listenersOf, withoutListener } from '../src/haproxy/config-text.ts';

const minimal = '[amphora_agent]\namphora_id = a\n';

describe('settings', () => {
  test('defaults', () => {
    expect(parseSettings(minimal)).toEqual({
      debug: false,
      controllerIpPortList: [],
      heartbeatInterval: 10,
      heartbeatKey: null,
      loadbalancerTopology: 'SINGLE',
      basePath: '/var/lib/octavia',
      bindHost: '::',
      bindPort: 9443,
      haproxyCmd: '/usr/sbin/haproxy',
      keepalivedCmd: '/usr/sbin/keepalived',
      baseCertDir: '/var/lib/octavia/certs',
      agentServerCa: '/etc/octavia/certs/client_ca.pem',
      agentServerCert: '/etc/octavia/certs/server.pem',
      agentRequestReadTimeout: 180,
      agentTlsProtocol: 'TLSv1.2',
      amphoraId: 'a',
    });
  });

  test('the controller list may be written in any usual way', () => {
    const list = '[health_manager]\ncontroller_ip_port_list = 192.0.2.1:5555, [2001:db8::1]:5556,\n  hm.example:5557\n';
    expect(parseSettings(minimal + list).controllerIpPortList).toEqual([
      { host: '192.0.2.1', port: 5555 },
      { host: '2001:db8::1', port: 5556 },
      { host: 'hm.example', port: 5557 },
    ]);
  });

  test.each([
    ['amphora_id', ''],
    ['heartbeat_interval', `${minimal}[health_manager]\nheartbeat_interval = 0`],
    ['heartbeat_interval', `${minimal}[health_manager]\nheartbeat_interval = soon`],
    ['debug', `[DEFAULT]\ndebug = perhaps\n${minimal}`],
    ['agent_tls_protocol', `${minimal}agent_tls_protocol = TLSv9`],
    ['controller_ip_port_list', `${minimal}[health_manager]\ncontroller_ip_port_list = nowhere`],
  ])('a bad %s is refused by name', (option, text) => {
    expect(() => parseSettings(text)).toThrow(option);
  });

  test.each(['a', 'a:0', 'a:65536', ':5', '::1:5555', '[192.0.2.1]:5', 'a b:5'])('no target: %j', (text) => {
    expect(() => parseTarget(text)).toThrow('controller_ip_port_list');
  });
});

describe('HAProxy configuration', () => {
  const [A, B, C] = [1, 2, 3].map((n) => `${n}0000000-0000-4000-8000-000000000000`) as [string, string, string];
  const pool = '90000000-0000-4000-8000-000000000000';
  const text = `global
    stats socket /x.sock
defaults
    mode http
frontend ${A}
    bind 10.0.0.1:80
frontend ${B}
    mode tcp
    bind 10.0.0.1:81
    default_backend ${pool}:${B}
frontend ${C}
    bind 10.0.0.1:443 ssl crt /x
frontend stats
    bind 127.0.0.1:1
backend ${pool}:${B}
    server s 10.0.0.2:80
backend ${pool}:${C}
    server s 10.0.0.2:80
`;

  test('listeners and their types', () => {
    expect(listenersOf(text)).toEqual([
      { id: A, type: 'HTTP' },
      { id: B, type: 'TCP' },
      { id: C, type: 'TERMINATED_HTTPS' },
    ]);
  });

  test('a listener is taken out with its backends, all else stays', () => {
    const left = withoutListener(text, B);
    expect(listenersOf(left).map((listener) => listener.id)).toEqual([A, C]);
    expect(left).not.toContain(`:${B}`);
    expect(left).toContain(`backend ${pool}:${C}\n    server s 10.0.0.2:80`);
    expect(withoutListener(text, pool)).toBe(text);
  });
});
