/** What `/etc/rsyslog.d/10-rsyslog.conf` of an amphora says: where its logs go beside, or instead of, its own disk. */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { Config } from '../../config/index.ts';
import { OctaviaError } from '../../errors.ts';
import { type Action, type Statement, writeScript } from './script.ts';

interface LogTarget {
  /** Address or name of the receiver, IPv6 without brackets. */
  host: string;
  port: number;
}

/** Names of hosts; an address is recognised by itself. */
const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

/**
 * `host:port`, split at the last colon, so that IPv6 needs no brackets (`2001:db8::10:514` is port 514).
 *
 * @throws OctaviaError OPTION_UNUSABLE naming the option
 */
export function parseLogTarget(text: string, option: string): LogTarget {
  const at = text.lastIndexOf(':');
  const host = text.slice(0, Math.max(at, 0)).replace(/^\[(.*)\]$/, '$1');
  const digits = text.slice(at + 1);
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  if ((isIP(host) === 0 && !HOST_NAME.test(host)) || port < 1 || port > 65_535) {
    const reason = 'a log receiver is written host:port, several are separated by commas';
    throw new OctaviaError('OPTION_UNUSABLE', { option, value: text, reason });
  }
  return { host, port };
}

export interface LogOffloading {
  /** First the primary receiver, then those that take over while it cannot be reached (needs TCP). */
  adminTargets: LogTarget[];
  tenantTargets: LogTarget[];
  protocol: 'TCP' | 'UDP';
  /** Attempts to reach a receiver again before messages for it are dropped; seconds between attempts. */
  retryCount: number;
  retryInterval: number;
  /** Messages that wait in memory for a receiver; more are dropped, so that a dead receiver costs neither disk nor RAM. */
  queueSize: number;
  /** LOG_LOCALn of the amphora's own programs and of tenants' connections. */
  adminFacility: number;
  tenantFacility: number;
  forwardAll: boolean;
  disableLocalStorage: boolean;
}

/** @throws OctaviaError for a receiver that cannot be read */
function logOffloading({ amphora_agent: agent }: Config): LogOffloading {
  const targets = (option: 'admin_log_targets' | 'tenant_log_targets'): LogTarget[] =>
    (agent[option] ?? []).map((text) => parseLogTarget(text, `[amphora_agent] ${option}`));
  return {
    adminTargets: targets('admin_log_targets'),
    tenantTargets: targets('tenant_log_targets'),
    protocol: agent.log_protocol === 'TCP' ? 'TCP' : 'UDP',
    retryCount: agent.log_retry_count,
    retryInterval: agent.log_retry_interval,
    queueSize: agent.log_queue_size,
    adminFacility: agent.administrative_log_facility,
    tenantFacility: agent.user_log_facility,
    forwardAll: agent.forward_all_logs,
    disableLocalStorage: agent.disable_local_log_storage,
  };
}

const isOffloading = (options: LogOffloading): boolean =>
  options.adminTargets.length + options.tenantTargets.length > 0;

/**
 * The queue stands before the receivers, not at each of them: an action with a queue of its own never counts as suspended,
 * so the next receiver would never take over (tried with rsyslog 8.2302).
 */
function forward(name: string, selector: string, targets: readonly LogTarget[], options: LogOffloading): Statement[] {
  if (targets.length === 0) return [];
  const actions = targets.map(({ host, port }, index): Action => {
    const takesOver = index > 0 ? { 'action.execOnlyWhenPreviousIsSuspended': 'on' } : {};
    return {
      call: 'action',
      parameters: {
        type: 'omfwd',
        target: host,
        port,
        protocol: options.protocol.toLowerCase(),
        'action.resumeRetryCount': options.retryCount,
        'action.resumeInterval': options.retryInterval,
        ...takesOver,
      },
    };
  });
  const queue = { 'queue.type': 'linkedList', 'queue.size': options.queueSize };
  return [
    { ruleset: name, parameters: queue, actions },
    { selector, callRuleset: name },
  ];
}

/** Everything but tenants' connections, or only what the amphora's own programs say. */
const adminSelector = ({ adminFacility, tenantFacility, forwardAll }: LogOffloading): string =>
  forwardAll ? `*.*;local${tenantFacility}.none` : `local${adminFacility}.*`;

/** @throws OctaviaError UNSAFE_CONFIGURATION_VALUE */
export function renderLogOffloading(options: LogOffloading): string {
  return writeScript([
    ...forward('tenant', `local${options.tenantFacility}.=info`, options.tenantTargets, options),
    ...forward('administrative', adminSelector(options), options.adminTargets, options),
    ...(options.disableLocalStorage ? [{ stop: '*.*' }] : []),
  ]);
}

/**
 * For flows: the rules of each new amphora, nothing when no log goes anywhere.
 *
 * @throws OctaviaError for a receiver that cannot be read or a missing template
 */
export async function logForwarding(config: Config): Promise<{ logForwarding?: string }> {
  const path = config.amphora_agent.logging_template_override;
  if (path) {
    const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      const option = '[amphora_agent] logging_template_override';
      throw new OctaviaError('OPTION_FILE_UNREADABLE', { option, file: path, reason: cause.message }, { cause });
    });
    return { logForwarding: text };
  }
  const options = logOffloading(config);
  return isOffloading(options) ? { logForwarding: renderLogOffloading(options) } : {};
}
