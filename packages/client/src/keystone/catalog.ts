/** Where services are, as the token says. */
import { OctaviaError } from '../errors.ts';

/** The catalogue has no such service. */
export class EndpointError extends OctaviaError {
  override name = 'EndpointError';
}

export interface CatalogEntry {
  type: string;
  name?: string;
  endpoints: { interface: string; region?: string | null; region_id?: string | null; url: string }[];
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
  return (
    `The catalogue has no ${wanted}. Of that service there are: interfaces ${list(endpoints.map((one) => interfaceName(one.interface)))}; ` +
    `regions ${list(endpoints.map((one) => one.region_id ?? one.region))}; names ${list(those.map((entry) => entry.name))}.`
  );
}
