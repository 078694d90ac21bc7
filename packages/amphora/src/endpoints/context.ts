/** What endpoints work with. */
import type { CertificateStore } from '../certificates/store.ts';
import type { AgentSettings, MutableSettings } from '../config/settings.ts';
import type { HaproxySupervisor } from '../haproxy/supervisor.ts';
import type { VrrpService } from '../keepalived/service.ts';
import type { Log } from '../log.ts';
import type { Ipvs } from '../lvs/ipvs.ts';
import type { LvsSupervisor } from '../lvs/supervisor.ts';
import type { TrafficNamespace } from '../network/namespace.ts';
import type { Plugger } from '../network/plugger.ts';
import type { MetricsProxies } from '../prometheus/proxy.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { Activity } from '../system/activity.ts';
import type { RunCommand } from '../system/run.ts';
import type { Transition } from '../system/transition.ts';

export interface AgentContext {
  metrics: MetricsProxies;
  /** As at start-up. */
  settings: AgentSettings;
  /** As of now. */
  mutable: () => MutableSettings;
  /** Stores a new configuration file and takes over what may change. @throws SettingsError, IniSyntaxError */
  replaceConfiguration: (text: string) => Promise<void>;
  /** Stores and presents a new server certificate. @throws Error when TLS cannot use it */
  replaceCertificate: (pem: Buffer) => Promise<void>;
  /** Stores and uses new authorities for client certificates. @throws Error when TLS cannot use them */
  replaceClientCa: (pem: Buffer) => Promise<void>;
  certificates: CertificateStore;
  vrrp: VrrpService;
  transition: Transition;
  supervisor: HaproxySupervisor;
  lvs: LvsSupervisor;
  ipvs: Ipvs;
  namespace: TrafficNamespace;
  plugger: Plugger;
  state: AgentState;
  activity: Activity;
  run: RunCommand;
  log: Log;
}
