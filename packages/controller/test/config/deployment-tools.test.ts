/** What deployment tools write into octavia.conf is taken as it is, but for the database. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { keystoneSettings } from '../../src/clouds/identity/keystone/settings.ts';
import { sessionSettings } from '../../src/clouds/openstack/settings.ts';
import { type Config, loadConfig } from '../../src/config/index.ts';
import { OTHER_OPTIONS, OTHER_SECTIONS } from '../../src/config/other-releases.ts';

const testdata = join(import.meta.dirname, 'testdata');
const folder = mkdtempSync(join(tmpdir(), 'octavia-tools-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const postgres = file('postgres.conf', '[database]\nconnection = postgresql://octavia:secret@192.0.2.10/octavia\n');
const written = (tool: string): string => join(testdata, `${tool}.conf`);
const load = (tool: string): Config => loadConfig({ files: [written(tool), postgres] });

describe.each(['kolla-ansible', 'openstack-ansible'])('the file of %s', (tool) => {
  it('has one thing to change: the database', () => {
    expect(() => loadConfig({ files: [written(tool)] })).toThrow(
      /\[database\] connection = mysql\+pymysql:: must be the URL of a PostgreSQL.*docs\/install\.md/,
    );
    expect(load(tool).database.connection).toBe('postgresql://octavia:secret@192.0.2.10/octavia');
  });

  it('is known in every line, and what is not read says why', async () => {
    const lines = load(tool).warnings.map((text) => text.replace(`${testdata}/`, ''));
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(join(testdata, `${tool}.warnings.txt`));
  });
});

it.each<[tool: string, address: string, password: string]>([
  ['kolla-ansible', 'http://192.0.2.10:5000', 'wZ7r'],
  ['openstack-ansible', 'http://192.0.2.20:5000/v3', 'bN3m'],
])('the file of %s says who the controller is, and where services are', (tool, auth_url, password) => {
  const config = load(tool);
  const session = sessionSettings(config);
  expect(session.auth).toMatchObject({ auth_url, password, username: 'octavia', project_name: 'service' });
  for (const service of ['certificates', 'glance', 'neutron', 'nova'] as const) {
    expect(session.service(service).question).toMatchObject({ region: 'RegionOne', interfaces: ['internal'] });
  }
  const { shared, publicUrl } = keystoneSettings(config);
  expect(publicUrl).toBe('https://cloud.example.org:5000');
  expect(shared?.servers).toHaveLength(2);
  expect(shared?.protection?.strategy).toBe('ENCRYPT');
});

const others = Object.entries(OTHER_OPTIONS).flatMap(([section, options]) =>
  Object.entries(options).map(([name, reason]) => [section, name, reason] as const),
);

it.each(others)('[%s] %s of another release has one line', (section, name, reason) => {
  const path = file(
    'octavia.conf',
    `[certificates]\nserver_certs_key_passphrase = ${'k'.repeat(32)}\n[${section}]\n${name} = 1`,
  );
  expect(loadConfig({ files: [path] }).warnings).toEqual([
    `${path}:4: [${section}] ${name} has no effect here: ${reason}`,
  ]);
});

it.each(Object.entries(OTHER_SECTIONS))(
  '[%s] of another program has one line for all its options',
  (section, reason) => {
    const path = file(
      'octavia.conf',
      `[certificates]\nserver_certs_key_passphrase = ${'k'.repeat(32)}\n[${section}]\na = 1\nb = 2`,
    );
    expect(loadConfig({ files: [path] }).warnings).toEqual([`${path}:4: [${section}] has no effect here: ${reason}`]);
  },
);
