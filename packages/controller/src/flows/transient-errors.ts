import type { ErrorCode } from '../errors.ts';

/**
 * Errors whose cause can clear without anybody changing the load balancer: a retry may succeed. What HAProxy or a
 * cloud refused for good is not among them.
 */
export const TRANSIENT_ERRORS: readonly ErrorCode[] = [
  'AMPHORA_UNREACHABLE',
  'BUILD_SLOT_TIMEOUT',
  'CERTIFICATE_UNREADABLE',
  'COMPUTE_ATTACH_FAILED',
  'COMPUTE_BUILD_FAILED',
  'DATABASE_UNAVAILABLE',
  'IMAGE_NOT_FOUND',
  'OPENSTACK_CONFLICT',
  'OPENSTACK_QUOTA',
  'OPENSTACK_UNAUTHORISED',
  'OPENSTACK_UNAVAILABLE',
  'SUBNET_NO_FREE_ADDRESS',
];
