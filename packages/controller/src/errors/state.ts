/** Requests that do not fit what there is, or what happens to it at the moment. */
import { define } from './entry.ts';

export const stateErrors = define({
  LB_INVALID_STATE: {
    status: 409,
    message: 'Invalid state {state} of loadbalancer resource {id}',
    remedy: 'Wait until the load balancer is ACTIVE; GET its operations for what is running.',
  },
  IMMUTABLE: {
    status: 409,
    message: '{kind} {id} is immutable and cannot be updated.',
    remedy: 'Wait until the running operation ends; GET the operations of the load balancer.',
  },
  PRECONDITION_FAILED: {
    status: 412,
    message: 'Precondition failed: {detail}',
    remedy: 'Read the desired state again, and decide with what it says now.',
  },
  OPERATION_STATE: {
    status: 409,
    message: 'Operation {id} is {state}: {detail}',
    remedy: 'Show the operation, and choose what fits its state.',
  },
  DUPLICATE_LISTENER: {
    status: 409,
    message: 'Another Listener on this Load Balancer is already using protocol {protocol} and protocol_port {port}',
    remedy: 'Choose another port.',
  },
  DUPLICATE_MEMBER: {
    status: 409,
    message: 'Another member on this pool is already using ip {address} on protocol_port {port}',
    remedy: 'Update the existing member instead.',
  },
  DUPLICATE_HEALTH_MONITOR: {
    status: 409,
    message: 'This pool already has a health monitor',
    remedy: 'Update or delete the existing health monitor.',
  },
  DUPLICATE_DEFAULT_POOL: {
    status: 409,
    message: 'This listener already has a default pool',
    remedy: 'Create the pool with loadbalancer_id, then update the listener.',
  },
  POOL_IN_USE: {
    status: 409,
    message: 'Pool {id} is in use by L7 policy {policy}',
    remedy: 'Delete or redirect the policy first.',
  },
  NAME_TAKEN: {
    status: 409,
    message: 'A {kind} of {name} already exists.',
    remedy: 'Choose another name.',
  },
  OBJECT_IN_USE: {
    status: 409,
    message: '{object} {id} is in use and cannot be modified.',
    remedy: 'Remove what uses it first.',
  },
  TOO_MANY_RULES: {
    status: 409,
    message: 'Too many rules on L7 policy {id}',
    remedy: 'Delete rules, or spread them over several policies.',
  },
  VIP_ADDRESS_IN_USE: {
    status: 409,
    message: 'The VIP IP address is already in use: {detail}',
    remedy: 'Choose another address, or let the service assign one.',
  },
});
