import { OctaviaError } from '../../errors.ts';

export type Kind =
  | 'Load Balancer'
  | 'Listener'
  | 'Pool'
  | 'Member'
  | 'Health Monitor'
  | 'L7 Policy'
  | 'L7Policy'
  | 'L7 Rule'
  | 'Flavor'
  | 'Flavor Profile'
  | 'Availability Zone'
  | 'Availability Zone Profile'
  | 'Amphora'
  | 'Amphora stats for'
  | 'Operation'
  | 'Quotas';

const LONGEST_ID = 255;

export function notFound(kind: Kind, id: string): OctaviaError {
  return new OctaviaError('NOT_FOUND', { kind, id: id.slice(0, LONGEST_ID) });
}

/** @throws OctaviaError NOT_FOUND */
export function found<T>(object: T | null | undefined, kind: Kind, id: string): T {
  if (object === null || object === undefined) throw notFound(kind, id);
  return object;
}
