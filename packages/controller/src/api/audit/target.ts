/** Which entry of the caller's service catalogue stands for this service. */
import type { CatalogService } from '../../clouds/identity/interface.ts';
import type { AuditTarget } from './event.ts';

/** CADF calls the internal interface private. */
const NAMES = { admin: 'admin', internal: 'private', public: 'public' } as const;
const INTERFACES = Object.keys(NAMES) as (keyof typeof NAMES)[];

const hostOf = (url: string): string | null => URL.parse(url)?.host ?? null;

/**
 * @param type of the entry as the audit map says; null: the entry whose address was asked
 * @param host of the request
 * @returns null when there is no catalogue, or no such entry in it
 */
export function auditTarget(
  catalog: readonly CatalogService[] | undefined,
  type: string | null,
  host: string | undefined,
): AuditTarget | null {
  const asked = ({ endpoints }: CatalogService) => endpoints.some(({ url }) => host && hostOf(url) === host);
  const service = catalog?.find((candidate) => (type === null ? asked(candidate) : candidate.type === type));
  if (service === undefined) return null;
  const addresses = INTERFACES.flatMap((name) => {
    const endpoint = service.endpoints.find((candidate) => candidate.interface === name);
    return endpoint ? [{ name: NAMES[name], url: endpoint.url }] : [];
  });
  return { id: service.name, name: service.name, type: service.type, addresses };
}
