import { expect, it } from 'vitest';
import { redact } from '../../src/config/describe.ts';
import { describeConfig, loadConfig } from '../../src/config/index.ts';

it.each([
  ['', ''],
  ['hunter2', '***'],
  ['postgresql://octavia:hunter2@db.example.com:5432/octavia', 'postgresql://octavia:***@db.example.com:5432/octavia'],
  ['postgresql://octavia@db/octavia', 'postgresql://octavia@db/octavia'],
  ['postgresql://db/octavia?user=a&password=hunter2', 'postgresql://db/octavia?***'],
  ['postgresql://a:hunt@er2@db/octavia', 'postgresql://a:***@db/octavia'],
  ['rabbit://a:hunter2@h1:1,b:hunter2@h2:2/', 'rabbit://a:***@h2:2/'],
  ['rabbit://', 'rabbit://'],
  ['a:hunter2@rabbit', '***'],
])('redacts %j', (text, shown) => {
  expect(redact(text)).toBe(shown);
});

it('lists every option with its value, secrets covered', () => {
  const config = loadConfig({
    overrides: {
      health_manager: { heartbeat_key: 'hunter2' },
      database: { connection: 'postgresql://o:hunter2@db/o' },
    },
  });
  const described = new Map(describeConfig(config).map(({ section, name, value }) => [`${section}.${name}`, value]));
  expect(described.get('health_manager.heartbeat_key')).toBe('***');
  expect(described.get('database.connection')).toBe('postgresql://o:***@db/o');
  expect(described.get('database.slave_connection')).toBe('<None>');
  expect(described.get('api_settings.bind_port')).toBe('9876');
  expect([...described.values()].filter((value) => value.includes('hunter2'))).toEqual([]);
});
