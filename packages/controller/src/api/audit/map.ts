/** The audit map: how paths of the API are called in CADF events. */
import { readFileSync } from 'node:fs';
import { IniSyntaxError, parseOsloIni } from '@octavia/protocol/oslo-ini';
import { OctaviaError } from '../../errors.ts';

export interface AuditMap {
  /** Type of the catalogue entry that stands for this service; null = the one whose address was asked. */
  targetEndpointType: string | null;
  /** Last part of a path, or part/method, → action. */
  customActions: ReadonlyMap<string, string>;
  /** Path part that names a kind → the singular for the part behind it; null = it has no id. */
  keywords: ReadonlyMap<string, string | null>;
  /** Type of service in the catalogue → type URI */
  serviceEndpoints: ReadonlyMap<string, string>;
}

/** The map as shipped: `etc/octavia_api_audit_map.conf.sample`. */
export const AUDIT_MAP_TEXT = `[DEFAULT]
# Type of this service in the catalogue of a token.
target_endpoint_type = load-balancer

[custom_actions]
# Last part of a path, or part/method = action.
failover = update/failover

[path_keywords]
# Part of a path = what the part behind it identifies; None when nothing is behind it.
amphorae = amphora
availabilityzoneprofiles = availabilityzoneprofile
availabilityzones = availabilityzone
defaults = None
failover = None
flavorprofiles = flavorprofile
flavors = flavor
healthmonitors = healthmonitor
l7policies = l7policy
listeners = listener
loadbalancers = loadbalancer
members = member
pools = pool
providers = None
quotas = quota
rules = rule
stats = None
status = None

[service_endpoints]
# Type of service in the catalogue = its type URI.
load-balancer = service/load-balancer
`;

/** @throws IniSyntaxError */
export function parseAuditMap(text: string): AuditMap {
  const options = parseOsloIni(text);
  const of = (section: string) =>
    options.filter((option) => option.section === section).map(({ name, value }) => [name, value] as const);
  return {
    targetEndpointType: new Map(of('DEFAULT')).get('target_endpoint_type') || null,
    customActions: new Map(of('custom_actions')),
    keywords: new Map(of('path_keywords').map(([name, value]) => [name, value === 'None' ? null : value])),
    serviceEndpoints: new Map(of('service_endpoints')),
  };
}

/**
 * The map of `[audit] audit_map_file`, or the shipped one when there is no such file.
 * @throws OctaviaError BAD_CONFIG_FILE, CONFIG_FILE_UNREADABLE
 */
export function readAuditMap(file: string, note: (text: string) => void): AuditMap {
  try {
    return parseAuditMap(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof IniSyntaxError) {
      throw new OctaviaError('BAD_CONFIG_FILE', { file, line: error.line, reason: error.reason }, { cause: error });
    }
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT')
      throw new OctaviaError('CONFIG_FILE_UNREADABLE', { file, reason: message }, { cause: error });
    note(`${file} does not exist: events use the audit map that this release ships`);
    return parseAuditMap(AUDIT_MAP_TEXT);
  }
}
