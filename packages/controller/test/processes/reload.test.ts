import { describe, expect, test } from 'vitest';
import { type Config, loadConfig, registeredOptions } from '../../src/config/index.ts';
import type { Logger } from '../../src/processes/logger.ts';
import { adopt, reload } from '../../src/processes/reload.ts';

const load = (env: Record<string, string> = {}): Config => ({ ...loadConfig({ env }) });

function listening() {
  const lines: string[] = [];
  const note = (level: string) => (first: unknown, message?: string) =>
    void lines.push(`${level} ${message ?? String(first)} ${message === undefined ? '' : JSON.stringify(first)}`);
  return { lines, level: 'info', info: note('info'), warn: note('warn'), error: note('error') };
}

test('the eight documented options are mutable, and two that are our own', () => {
  const mutable = registeredOptions().filter(({ option }) => option.mutable);
  expect(mutable.map(({ section, name }) => `[${section}] ${name}`).sort()).toEqual([
    '[DEFAULT] debug',
    '[DEFAULT] graceful_shutdown_timeout',
    '[DEFAULT] log_config_append',
    '[DEFAULT] log_options',
    '[controller_worker] loadbalancer_topology',
    '[driver_agent] provider_change_timeout',
    '[health_manager] controller_ip_port_list',
    '[health_manager] heartbeat_interval',
    '[health_manager] heartbeat_key',
    '[health_manager] heartbeat_key_previous',
  ]);
});

describe('adopt', () => {
  test('takes over mutable options, names the others, covers secrets', () => {
    const current = load({ OS_HEALTH_MANAGER__HEARTBEAT_KEY: 'old' });
    const fresh = load({
      OS_DEFAULT__DEBUG: 'true',
      OS_DEFAULT__GRACEFUL_SHUTDOWN_TIMEOUT: '7',
      OS_CONTROLLER_WORKER__LOADBALANCER_TOPOLOGY: 'ACTIVE_STANDBY',
      OS_HEALTH_MANAGER__HEARTBEAT_KEY: 'new',
      OS_HEALTH_MANAGER__HEARTBEAT_INTERVAL: '3',
      OS_HEALTH_MANAGER__CONTROLLER_IP_PORT_LIST: '192.0.2.1:5555, 192.0.2.2:5555',
      OS_API_SETTINGS__BIND_PORT: '9877',
    });
    const { changed, needRestart } = adopt(current, fresh);
    expect(changed).toEqual([
      { option: '[DEFAULT] debug', from: 'False', to: 'True' },
      { option: '[DEFAULT] graceful_shutdown_timeout', from: '60', to: '7' },
      { option: '[controller_worker] loadbalancer_topology', from: 'SINGLE', to: 'ACTIVE_STANDBY' },
      { option: '[health_manager] heartbeat_key', from: '***', to: '***' },
      {
        option: '[health_manager] controller_ip_port_list',
        from: '',
        to: '192.0.2.1:5555,192.0.2.2:5555',
      },
      { option: '[health_manager] heartbeat_interval', from: '10', to: '3' },
    ]);
    expect(needRestart).toEqual(['[api_settings] bind_port']);
    expect(current.api_settings.bind_port).toBe(9876);
    expect(current.health_manager.heartbeat_key).toBe('new');
    expect(current.DEFAULT.debug).toBe(true);
    expect(adopt(current, fresh).changed).toEqual([]);
  });
});

describe('reload', () => {
  test('tells what changed and adjusts the level of the log', () => {
    const log = listening();
    const current = load();
    expect(reload(current, () => load({ OS_DEFAULT__DEBUG: 'true' }), log as unknown as Logger)).toBe(true);
    expect(log).toMatchObject({
      level: 'debug',
      lines: expect.arrayContaining(['info Reloaded [DEFAULT] debug {"from":"False","to":"True"}']),
    });
  });

  test('a broken file changes nothing and is named', () => {
    const log = listening();
    const current = load();
    const broken = () => load({ OS_HEALTH_MANAGER__HEARTBEAT_INTERVAL: 'often', OS_DEFAULT__DEBUG: 'true' });
    expect(reload(current, broken, log as unknown as Logger)).toBe(false);
    expect(current.DEFAULT.debug).toBe(false);
    expect(log.lines).toEqual([expect.stringContaining('error The configuration was not reloaded')]);
  });
});
