/** Keystone, Glance, Cinder, Barbican, Nova and Neutron on loopback, and sessions that ask them: new ones for each test of the file. */
import type { Log } from '@octavia/protocol/log';
import { afterEach, beforeEach } from 'vitest';
import { OpenStackSession } from '../../../../src/clouds/openstack/session.ts';
import { sessionSettings } from '../../../../src/clouds/openstack/settings.ts';
import { type ConfigOverrides, loadConfig } from '../../../../src/config/index.ts';
import { FakeKeystone } from '../../../identity/fake-keystone.ts';
import { FakeBarbican } from './fake-barbican.ts';
import { FakeCinder } from './fake-cinder.ts';
import { FakeGlance } from './fake-glance.ts';
import { FakeNeutron } from './fake-neutron.ts';
import { FakeNova } from './fake-nova.ts';

export const LOGIN = { username: 'octavia', password: 'service-password', project_name: 'service' };

export interface PlayedCloud {
  keystone: FakeKeystone;
  glance: FakeGlance;
  cinder: FakeCinder;
  barbican: FakeBarbican;
  nova: FakeNova;
  neutron: FakeNeutron;
  /** Milliseconds that the clock of sessions is ahead. */
  skew: number;
  /** `<level> <message> <fields>` */
  logged: string[];
  /** Closed after the test. */
  open(serviceAuth?: object, others?: ConfigOverrides): OpenStackSession;
  log: Log;
}

export function playCloud(): PlayedCloud {
  const sessions: OpenStackSession[] = [];
  const note = (level: string) => (fields: object, text: string) =>
    void played.logged.push(`${level} ${text} ${JSON.stringify(fields)}`);
  const played = {
    log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
    open(serviceAuth = {}, others = {}) {
      const service_auth = { auth_url: played.keystone.url, ...LOGIN, ...serviceAuth };
      const config = loadConfig({ env: {}, overrides: { ...others, service_auth } });
      const session = new OpenStackSession(sessionSettings(config), {
        log: played.log,
        now: () => Date.now() + played.skew,
        pauseMs: 1,
      });
      sessions.push(session);
      return session;
    },
  } as PlayedCloud;

  beforeEach(async () => {
    played.keystone = await FakeKeystone.start();
    played.glance = await new FakeGlance(played.keystone).listen();
    played.cinder = await new FakeCinder(played.glance).listen();
    played.barbican = await new FakeBarbican(played.keystone).listen();
    played.neutron = await new FakeNeutron(played.keystone).listen();
    played.nova = await new FakeNova(played.glance, played.cinder, played.neutron).listen();
    played.skew = 0;
    played.logged = [];
    played.keystone.services = [
      { type: 'image', name: 'glance', endpoints: endpoints(played.glance.url) },
      { type: 'compute', name: 'nova', endpoints: endpoints(`${played.nova.url}/v2.1`) },
      { type: 'volumev3', name: 'cinderv3', endpoints: endpoints(`${played.cinder.url}/v3/service`) },
      { type: 'key-manager', name: 'barbican', endpoints: endpoints(played.barbican.url) },
      { type: 'network', name: 'neutron', endpoints: endpoints(played.neutron.url) },
    ];
  });
  afterEach(async () => {
    for (const session of sessions.splice(0)) await session.close();
    const { keystone, glance, cinder, barbican, nova, neutron } = played;
    for (const fake of [keystone, glance, cinder, barbican, nova, neutron]) await fake.stop();
  });
  return played;
}

/** Of the region RegionOne; those of another interface or region lead nowhere. */
const endpoints = (url: string) => [
  { interface: 'admin', region_id: 'RegionOne', region: 'RegionOne', url: 'http://127.0.0.1:9' },
  { interface: 'public', region_id: 'RegionOne', region: 'RegionOne', url },
  { interface: 'public', region_id: 'RegionTwo', region: 'RegionTwo', url: 'http://127.0.0.1:9' },
];
