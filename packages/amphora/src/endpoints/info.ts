/** `GET /`, `GET /info`, the same by the path `/1.0/info`, and `GET /1.0/details`. */
import { statfs } from 'node:fs/promises';
import { hostname, loadavg } from 'node:os';
import { AGENT_API_VERSION, type AgentDetails, type AgentInfo, type AgentVersion } from '@octavia/protocol/agent-api';
import { type HaproxyVersion, haproxyVersion } from '../haproxy/check.ts';
import { listenersOf } from '../haproxy/config-text.ts';
import { ok } from '../http/answer.ts';
import type { Route } from '../http/router.ts';
import { hasLeasedVips } from '../network/interface-plan.ts';
import { readMemory } from '../system/memory.ts';
import type { RunCommand } from '../system/run.ts';
import type { AgentContext } from './context.ts';

/** Reads `keepalived --version`; null when the program is missing. */
async function keepalivedVersion(run: RunCommand, keepalived: string): Promise<string | null> {
  const { stderr, stdout } = await run(keepalived, ['--version']);
  return /^Keepalived v(\d+(?:\.\d+)*)/m.exec(`${stdout}${stderr}`)?.[1] ?? null;
}

const TOPOLOGY = { SINGLE: 'SINGLE', ACTIVE_STANDBY: 'ACTIVE-STANDBY' } as const;

export function infoRoutes(context: AgentContext): Route[] {
  let version: Promise<HaproxyVersion> | undefined;
  let keepalived: Promise<string | null> | undefined;
  const versions = (): Promise<HaproxyVersion> =>
    (version ??= haproxyVersion(context.run, context.settings.haproxyCmd));
  const info = async (): Promise<AgentInfo> => ({
    hostname: hostname(),
    uuid: context.settings.amphoraId,
    haproxy_version: (await versions()).haproxy,
    api_version: AGENT_API_VERSION,
    ipvs: (await context.ipvs.missing()) === null,
  });
  return [
    // Controllers of OpenStack ask it first, and take an agent that does not answer for one of version 0.5.
    {
      method: 'GET',
      path: '/',
      handle: async () => ok(200, { api_version: AGENT_API_VERSION } satisfies AgentVersion),
    },
    { method: 'GET', path: '/info', handle: async () => ok(200, await info()) },
    { method: 'GET', path: '/1.0/info', handle: async () => ok(200, await info()) },
    {
      method: 'GET',
      path: '/1.0/details',
      handle: async () => {
        const { haproxy, openssl } = await versions();
        keepalived ??= keepalivedVersion(context.run, context.settings.keepalivedCmd);
        const vrrpVersion = await keepalived;
        const details: AgentDetails = {
          ...(await info()),
          ...(await context.activity.rates()),
          ...(await serviceDetails(context)),
          active: await hasVip(context),
          memory: await readMemory(),
          disk: await rootDisk(),
          load: loadavg() as [number, number, number],
          topology: TOPOLOGY[topologyOf(context)],
          topology_status: context.transition.inProgress ? 'TOPOLOGY-CHANGE' : 'OK',
          packages: [
            { haproxy },
            ...(openssl === null ? [] : [{ openssl }]),
            ...(vrrpVersion === null ? [] : [{ keepalived: vrrpVersion }]),
          ],
          keepalived: await keepalivedDetails(context),
        };
        return ok(200, details);
      },
    },
  ];
}

type ServiceDetails = Pick<AgentDetails, 'haproxy_count' | 'lvs_listener_process_count' | 'listeners'>;

async function serviceDetails(context: AgentContext): Promise<ServiceDetails> {
  const running = [];
  for (const service of context.supervisor.all()) {
    if (await service.isServing()) running.push((await service.stored())?.toString('utf8') ?? '');
  }
  const balanced = [];
  for (const listener of context.lvs.all()) if (await listener.isServing()) balanced.push(listener);
  return {
    haproxy_count: running.length,
    lvs_listener_process_count: balanced.filter(({ pidFile }) => pidFile !== null).length,
    listeners: [
      ...running.flatMap((text) => listenersOf(text).map((listener) => listener.id)),
      ...balanced.map(({ id }) => id),
    ],
  };
}

/** What was plugged says more than what was configured before the first boot. */
function topologyOf({ state, mutable }: AgentContext): keyof typeof TOPOLOGY {
  const vipPort = state.ports().find((port) => port.kind === 'vip');
  if (vipPort === undefined) return mutable().loadbalancerTopology;
  return hasLeasedVips(vipPort) ? 'ACTIVE_STANDBY' : 'SINGLE';
}

async function keepalivedDetails({ vrrp, state }: AgentContext): Promise<AgentDetails['keepalived']> {
  if (!(await vrrp.isStored())) return null;
  return { wanted: state.vrrp() === 'running', running: await vrrp.isRunning(), restarts: vrrp.restarts };
}

async function hasVip({ namespace, state }: AgentContext): Promise<boolean> {
  const vips = new Set(state.ports().flatMap((port) => port.vips));
  if (vips.size === 0) return false;
  const present = [...(await namespace.addresses()).values()].flat();
  return present.some((address) => vips.has(address.address));
}

async function rootDisk(): Promise<AgentDetails['disk']> {
  const { bsize, blocks, bfree, bavail } = await statfs('/');
  const kilobytes = (count: number): number => Math.floor((count * bsize) / 1024);
  return { used: kilobytes(blocks - bfree), available: kilobytes(bavail) };
}
