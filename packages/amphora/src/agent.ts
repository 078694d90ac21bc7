/** Puts the agent together: configuration, state, HTTPS API, HAProxy supervision, interfaces, heartbeats. */
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { peerName } from '@octavia/protocol/peer-name';
import { CertificateStore } from './certificates/store.ts';
import {
  type AgentSettings,
  type MutableSettings,
  mutableOf,
  parseSettings,
  SettingsError,
} from './config/settings.ts';
import { certificateRoutes } from './endpoints/certificate.ts';
import { configRoutes } from './endpoints/config.ts';
import type { AgentContext } from './endpoints/context.ts';
import { haproxyRoutes } from './endpoints/haproxy.ts';
import { infoRoutes } from './endpoints/info.ts';
import { interfaceRoutes } from './endpoints/interface.ts';
import { listenerCertificateRoutes } from './endpoints/listener-certificates.ts';
import { listenerRoutes } from './endpoints/listeners.ts';
import { loadBalancerRoutes } from './endpoints/load-balancer.ts';
import { lvsRoutes } from './endpoints/lvs.ts';
import { plugRoutes } from './endpoints/plug.ts';
import { vrrpRoutes } from './endpoints/vrrp.ts';
import { sessionHold } from './haproxy/session-hold.ts';
import { HaproxySupervisor } from './haproxy/supervisor.ts';
import { Counters } from './health/counters.ts';
import { HealthReader } from './health/reader.ts';
import { HealthSender } from './health/sender.ts';
import type { Reading } from './health/statistics.ts';
import { DatagramSender } from './health/targets.ts';
import { preparePing } from './health-checks/ping.ts';
import { Router } from './http/router.ts';
import { AgentServer } from './http/server.ts';
import { VrrpService } from './keepalived/service.ts';
import { createLog, type Log } from './log.ts';
import { Ipvs } from './lvs/ipvs.ts';
import { LvsReader } from './lvs/reader.ts';
import { LvsSupervisor } from './lvs/supervisor.ts';
import { TrafficNamespace } from './network/namespace.ts';
import { Plugger } from './network/plugger.ts';
import { MetricsProxies } from './prometheus/proxy.ts';
import { AgentState } from './state/agent-state.ts';
import { writeFileAtomic } from './state/atomic-file.ts';
import { Activity } from './system/activity.ts';
import { runCommand } from './system/run.ts';
import { Transition } from './system/transition.ts';

export interface RunningAgent {
  /** Port of the HTTPS API. */
  port: number;
  /** Reads the configuration file again. */
  reloadConfiguration: () => Promise<void>;
  /** Ends the agent; HAProxy keeps serving. */
  stop: () => Promise<void>;
}

const TRAFFIC_NAMESPACE = 'amphora-haproxy';

/** @throws SettingsError, IniSyntaxError, or a system error when files or the port cannot be used */
export async function startAgent(configFile: string): Promise<RunningAgent> {
  const settings = parseSettings(await readFile(configFile, 'utf8'));
  let mutable = mutableOf(settings);
  const log = createLog(() => mutable.debug);
  await mkdir(settings.basePath, { recursive: true, mode: 0o755 });
  // HAProxy gives up root: it must still reach the socket of the metrics and the program that pings.
  await chmod(settings.basePath, 0o711);
  const state = await AgentState.load(settings.basePath, log);
  const counters = await Counters.load(settings.basePath, log, Date.now());
  const namespace = new TrafficNamespace(TRAFFIC_NAMESPACE, runCommand);
  const plugger = new Plugger(namespace, state, log);
  const activity = new Activity(namespace);
  const reader = new HealthReader(log);
  const certificates = new CertificateStore(settings.baseCertDir);
  const supervisor = new HaproxySupervisor(
    {
      basePath: settings.basePath,
      certificates,
      haproxyCmd: settings.haproxyCmd,
      namespace: TRAFFIC_NAMESPACE,
      peerName: peerName(settings.amphoraId),
      run: runCommand,
      log,
      sessionHold: sessionHold(settings.basePath, runCommand, settings.haproxyCmd, log),
      beforeCountersReset: (id) =>
        keep(id, counters, log, () => reader.readAll(supervisor.all().filter((service) => service.id === id))),
    },
    state,
  );
  const lvsReader = new LvsReader(namespace, log);
  const lvs = new LvsSupervisor(
    {
      basePath: settings.basePath,
      keepalivedCmd: settings.keepalivedCmd,
      namespace,
      run: runCommand,
      beforeCountersReset: (id) => keep(id, counters, log, () => countsOf(lvs, lvsReader, id)),
    },
    state,
    log,
  );
  const metrics = new MetricsProxies(settings.basePath, log);
  const transition = new Transition();
  const vrrp = new VrrpService({
    basePath: settings.basePath,
    keepalivedCmd: settings.keepalivedCmd,
    namespace,
    state,
    transition,
    run: runCommand,
    log,
    haproxyDown: () =>
      supervisor.wanted().some(({ id }) => supervisor.isFailed(id) || isSilent(reader, id)) ||
      lvs.wanted().some(({ id }) => lvs.isFailed(id)),
    haproxyPending: async () => {
      const waiting = supervisor.wanted().filter(({ id }) => !supervisor.isFailed(id));
      const balancing = lvs.wanted().filter(({ id }) => !lvs.isFailed(id));
      // One whose files cannot be read counts as late: keepalived waits for it a moment, not for good.
      const serving = [...waiting, ...balancing].map((service) => service.isServing().catch(() => false));
      return (await Promise.all(serving)).includes(false);
    },
    pidFiles: () => [
      ...supervisor.wanted().map((service) => service.paths.pid),
      ...lvs.wanted().flatMap((listener) => listener.pidFile ?? []),
    ],
  });
  let server: AgentServer | null = null;
  const context: AgentContext = {
    settings,
    mutable: () => mutable,
    replaceConfiguration: async (text) => {
      const fresh = parseSettings(text);
      if (fresh.amphoraId !== settings.amphoraId) {
        throw new SettingsError('[amphora_agent] amphora_id', `this amphora is ${settings.amphoraId}`);
      }
      await writeFileAtomic(configFile, text, 0o600);
      takeOver(mutableOf(fresh));
    },
    replaceCertificate: async (pem) => {
      await server?.useCertificate(pem, () => writeFileAtomic(settings.agentServerCert, pem, 0o600));
    },
    replaceClientCa: async (pem) => {
      await server?.useClientCa(pem, () => writeFileAtomic(settings.agentServerCa, pem, 0o600));
    },
    certificates,
    metrics,
    vrrp,
    transition,
    supervisor,
    lvs,
    ipvs: new Ipvs(namespace, settings.keepalivedCmd),
    namespace,
    plugger,
    state,
    activity,
    run: runCommand,
    log,
  };
  const sender = new DatagramSender();
  const health = new HealthSender({
    amphoraId: settings.amphoraId,
    settings: () => mutable,
    collect: async () => [...(await reader.readAll(supervisor.all())), ...(await lvsReader.readAll(lvs.wanted()))],
    knownListeners: async () => {
      const known = await reader.knownListeners(supervisor.all());
      return new Set([...known, ...lvs.all().map(({ id }) => id)]);
    },
    counters,
    sender,
    log,
    now: () => performance.now(),
  });
  const takeOver = (fresh: MutableSettings): void => {
    mutable = fresh;
    health.settingsChanged();
  };
  await namespace.ensure();
  await preparePing(settings.basePath, namespace, log);
  await supervisor.begin();
  await lvs.begin();
  for (const service of supervisor.all()) {
    try {
      await metrics.follow(service.id, (await service.stored())?.toString('utf8') ?? '');
    } catch (error) {
      log.error({ id: service.id, err: error }, 'No metrics are served for this load balancer');
    }
  }
  server = await listen(settings, context, log);
  health.start();
  activity.start();
  vrrp.begin();
  void plugger.restore(() => {
    supervisor.kick();
    lvs.kick();
    vrrp.kick();
  });
  log.info({ amphora: settings.amphoraId, port: server.address().port }, 'The agent listens');
  const listening = server;
  return {
    port: listening.address().port,
    reloadConfiguration: async () => {
      takeOver(mutableOf(parseSettings(await readFile(configFile, 'utf8'))));
    },
    stop: async () => {
      plugger.stop();
      supervisor.end();
      lvs.end();
      vrrp.end();
      activity.stop();
      metrics.close();
      health.stop();
      await listening.close();
      sender.close();
    },
  };
}

/** One look without an answer is a moment of a busy machine, or a restart under way. */
const SILENT_LOOKS = 2;

function isSilent(reader: HealthReader, id: string): boolean {
  return reader.silentLooks(id) >= SILENT_LOOKS;
}

async function listen(settings: AgentSettings, context: AgentContext, log: Log): Promise<AgentServer> {
  const server = new AgentServer({
    host: settings.bindHost,
    port: settings.bindPort,
    clientCa: await readFile(settings.agentServerCa),
    certificate: await readFile(settings.agentServerCert),
    minVersion: settings.agentTlsProtocol,
    requestTimeoutMs: settings.agentRequestReadTimeout * 1_000,
    router: new Router([
      ...infoRoutes(context),
      ...interfaceRoutes(context),
      ...listenerRoutes(context),
      ...loadBalancerRoutes(context),
      ...haproxyRoutes(context),
      ...listenerCertificateRoutes(context),
      ...plugRoutes(context),
      ...vrrpRoutes(context),
      ...lvsRoutes(context),
      ...certificateRoutes(context),
      ...configRoutes(context),
    ]),
    log,
  });
  await server.listen();
  return server;
}

async function countsOf(lvs: LvsSupervisor, reader: LvsReader, id: string): Promise<Reading[]> {
  const listener = lvs.find(id);
  return listener === null ? [] : reader.countsOf(listener);
}

/** What was counted up to now, before it is lost. */
async function keep(id: string, counters: Counters, log: Log, read: () => Promise<Reading[]>): Promise<void> {
  try {
    for (const reading of await read()) counters.absorb(reading);
    await counters.save();
  } catch (error) {
    log.warn({ id, err: error }, 'The last counts are lost');
  }
}
