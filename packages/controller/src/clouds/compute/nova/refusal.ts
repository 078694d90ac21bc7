/** What Nova's refusals are about. It tells in sentences alone. */
import { type ErrorCode, isOctaviaError, OctaviaError } from '../../../errors.ts';

/** The first that matches counts: "Flavor's disk is too small for requested image." is about the flavor. */
const OF_A_BUILD: readonly (readonly [RegExp, ErrorCode])[] = [
  [/flavor/i, 'COMPUTE_FLAVOR_UNUSABLE'],
  [/image/i, 'IMAGE_NOT_FOUND'],
  [/availability zone/i, 'COMPUTE_ZONE_UNUSABLE'],
  [/network/i, 'COMPUTE_NETWORK_UNUSABLE'],
];
const ABOUT_THE_WISH: readonly ErrorCode[] = ['OPENSTACK_REFUSED', 'OPENSTACK_NOT_FOUND', 'OPENSTACK_CONFLICT'];

const NO_RESOURCES = /failed to claim pci device|portbindingfailed|binding failed for port/i;

const detailOf = ({ parameters }: OctaviaError): string => String(parameters.detail ?? '');
const anyOf = (error: unknown, codes: readonly ErrorCode[]): error is OctaviaError =>
  isOctaviaError(error) && codes.includes(error.code);

export function buildRefusal(error: unknown): unknown {
  if (!anyOf(error, ABOUT_THE_WISH)) return error;
  const detail = detailOf(error);
  const code = OF_A_BUILD.find(([about]) => about.test(detail))?.[1];
  return code === undefined ? error : new OctaviaError(code, { detail: `Nova says: ${detail}` }, { cause: error });
}

/** Whether it is because servers may not be given files, or not so many or so large ones. */
export const refusesFiles = (error: unknown): boolean =>
  anyOf(error, ['OPENSTACK_QUOTA', 'OPENSTACK_UNAUTHORISED', 'OPENSTACK_REFUSED']) &&
  /personality|inject/i.test(detailOf(error));

export const lacksResources = (error: unknown): boolean => isOctaviaError(error) && NO_RESOURCES.test(detailOf(error));

/** Whether somebody else has the port, which stays so. */
export const isTaken = (error: unknown): boolean =>
  anyOf(error, ['OPENSTACK_CONFLICT']) && /in use/i.test(detailOf(error));

export function attachRefusal(error: unknown, port: string, instance: string): unknown {
  if (!isOctaviaError(error)) return error;
  const detail = detailOf(error);
  if (lacksResources(error))
    return new OctaviaError('COMPUTE_NO_RESOURCES', { port, instance, detail }, { cause: error });
  const kind = error.code === 'OPENSTACK_NOT_FOUND' ? /^(port|network)\b/i.exec(detail)?.[1] : undefined;
  if (kind !== undefined) {
    const parameters = { kind: kind.toLowerCase() === 'port' ? 'Port' : 'Network of port', id: port };
    return new OctaviaError('NETWORK_OBJECT_NOT_FOUND', parameters, { cause: error });
  }
  if (!anyOf(error, ABOUT_THE_WISH)) return error;
  return new OctaviaError('COMPUTE_ATTACH_FAILED', { port, instance, detail }, { cause: error });
}
