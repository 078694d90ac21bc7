/** Where services are, as the token says. */
import { AnswerError, OctaviaError } from '../errors.ts';

/** The catalogue has no such service. */
export class EndpointError extends OctaviaError {
  override name = 'EndpointError';
}

export interface CatalogEntry {
  type: string;
  name?: string;
  endpoints: Endpoint[];
  /** What was left out because nobody can use it, one sentence each. */
  malformed?: string[];
}

interface Endpoint {
  interface: string;
  region?: string | null;
  region_id?: string | null;
  url: string;
}

export interface EndpointQuestion {
  /** For example `load-balancer`. */
  type: string;
  /** In order of preference. Default: `public`. */
  interfaces?: readonly string[] | undefined;
  region?: string | null | undefined;
  /** Where several services have the type. */
  serviceName?: string | null | undefined;
}

/** Types that name the same service, the present one first. */
const TYPES: readonly (readonly string[])[] = [
  // `octavia` is the name of the project; some catalogues have it for a type nevertheless.
  ['load-balancer', 'octavia'],
  ['block-storage', 'volumev3', 'volumev2', 'volume', 'block-store'],
  ['key-manager', 'barbican'],
  ['network', 'networking'],
  ['compute', 'nova'],
];

/** All types of a service, the one that was asked for first. */
export function typesOf(type: string): readonly string[] {
  const types = TYPES.find((all) => all.includes(type)) ?? [];
  return [type, ...types.filter((other) => other !== type)];
}

/**
 * The catalogue of a token, without what operators entered wrongly: that is told to those who look for such a service, and keeps
 * nobody from the others.
 * @param value undefined where the token has none
 * @throws AnswerError
 */
export function catalogOf(value: unknown): CatalogEntry[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new AnswerError('The catalogue of the token is not a list of services.');
  return value.flatMap((entry: unknown) => {
    const { type, name, endpoints } = Object(entry) as Record<string, unknown>;
    if (typeof type !== 'string') return [];
    const described = { type, ...(typeof name === 'string' ? { name } : {}) };
    if (!Array.isArray(endpoints))
      return [{ ...described, endpoints: [], malformed: ['its endpoints are not a list'] }];
    const faults = endpoints.map((endpoint: unknown) => faultOf(endpoint));
    const malformed = faults.filter((fault) => fault !== null);
    return [
      {
        ...described,
        endpoints: endpoints.filter((_, index) => faults[index] === null) as Endpoint[],
        ...(malformed.length === 0 ? {} : { malformed }),
      },
    ];
  });
}

function faultOf(endpoint: unknown): string | null {
  const { interface: its, url, region, region_id } = Object(endpoint) as Record<string, unknown>;
  if (typeof its !== 'string') return 'an endpoint names no interface';
  if (typeof url !== 'string' || !/^https?:\/\//i.test(url) || !URL.canParse(withoutPlaceholders(url)))
    return `the ${interfaceName(its)} endpoint has no address that begins with http:// or https:// (${JSON.stringify(url)})`;
  const isText = (value: unknown): boolean => value === undefined || value === null || typeof value === 'string';
  return isText(region) && isText(region_id) ? null : `the region of the ${interfaceName(its)} endpoint is not text`;
}

/** `%(project_id)s` is filled in later. */
const withoutPlaceholders = (url: string): string => url.replaceAll(/[%$]\(\w+\)s/g, 'x');

/** Interfaces of version 2 were called `publicURL`. */
const interfaceName = (name: string): string => name.replace(/URL$/, '');

/**
 * @returns the address, and the type under which it stands
 * @throws EndpointError: what there is instead
 */
export function endpointOf(
  catalog: readonly CatalogEntry[],
  question: EndpointQuestion,
): { url: string; type: string } {
  const { type, interfaces = ['public'], region, serviceName } = question;
  for (const known of typesOf(type)) {
    const entries = catalog.filter(
      (entry) => entry.type === known && (!serviceName || !entry.name || entry.name === serviceName),
    );
    const endpoints = entries
      .flatMap((entry) => entry.endpoints)
      .filter((endpoint) => !region || [endpoint.region, endpoint.region_id].includes(region));
    for (const wanted of interfaces) {
      const found = endpoints.find((endpoint) => interfaceName(endpoint.interface) === interfaceName(wanted));
      if (found !== undefined) return { url: found.url, type: known };
    }
  }
  throw new EndpointError(nothing(catalog, question));
}

function nothing(
  catalog: readonly CatalogEntry[],
  { type, interfaces = ['public'], region, serviceName }: EndpointQuestion,
): string {
  const those = catalog.filter((entry) => typesOf(type).includes(entry.type));
  const list = (words: readonly (string | null | undefined)[]): string =>
    [...new Set(words)].filter(Boolean).sort().join(', ') || 'none';
  const wanted = [
    `${interfaces.join(' or ')} endpoint of the service ${type}`,
    ...(region ? [`in region ${region}`] : []),
    ...(serviceName ? [`with the name ${serviceName}`] : []),
  ].join(' ');
  if (those.length === 0)
    return `The catalogue has no ${wanted}. Its services are: ${list(catalog.map((entry) => entry.type))}.`;
  const endpoints = those.flatMap((entry) => entry.endpoints);
  const malformed = those.flatMap((entry) => entry.malformed ?? []);
  return (
    `The catalogue has no ${wanted}. Of that service there are: interfaces ${list(endpoints.map((one) => interfaceName(one.interface)))}; ` +
    `regions ${list(endpoints.map((one) => one.region_id ?? one.region))}; names ${list(those.map((entry) => entry.name))}.` +
    (malformed.length === 0 ? '' : ` Its entry in the catalogue is malformed: ${malformed.join('; ')}.`)
  );
}
