/** Neutron's reasons why there is no such port, in the words of the API. */
import { isOctaviaError, OctaviaError } from '../../../errors.ts';
import type { PortRequest } from '../interface.ts';

const MISSING: Record<string, string> = {
  NetworkNotFound: 'Network',
  SubnetNotFound: 'Subnet',
  SecurityGroupNotFound: 'Security Group',
  QosPolicyNotFound: 'qos_policy',
};

/** What Neutron names in its sentence. */
const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/;

/** The error as tenants know it; the same where there is nothing better to say. */
export function refusedPort(
  error: unknown,
  { networkId, fixedIps }: Pick<PortRequest, 'networkId' | 'fixedIps'>,
): unknown {
  if (!isOctaviaError(error)) return error;
  const { fault, detail = '' } = error.parameters;
  const kind = MISSING[String(fault)];
  if (kind !== undefined) {
    const id = UUID.exec(String(detail))?.[0] ?? networkId;
    return new OctaviaError('NETWORK_OBJECT_NOT_FOUND', { kind, id }, { cause: error });
  }
  const [first] = fixedIps;
  switch (fault) {
    case 'IpAddressAlreadyAllocated':
    case 'IpAddressInUse':
      return new OctaviaError('VIP_ADDRESS_IN_USE', { detail }, { cause: error });
    case 'IpAddressGenerationFailure':
    case 'NoMoreAddresses':
      return new OctaviaError('SUBNET_NO_FREE_ADDRESS', { subnet: first?.subnetId ?? networkId }, { cause: error });
    case 'InvalidIpForSubnet':
    case 'InvalidIpForNetwork':
      return new OctaviaError('VIP_ADDRESS_REFUSED', { detail }, { cause: error });
    default:
      return error;
  }
}
