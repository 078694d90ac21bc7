import type { OperationKind } from '../domain/operations.ts';

/** Kinds whose flow OpenStack Octavia names otherwise than by the pattern of the rest. */
const IRREGULAR: Partial<Record<OperationKind, string>> = {
  create_listener: 'octavia-create-listener_flow',
  delete_listener: 'octavia-delete-listener_flow',
  rotate_amphora_certificate: 'octavia-cert-rotate-amphora-flow',
  update_amphora_configuration: 'octavia-update-amp-config-flow',
};

/** The name under which operators of OpenStack Octavia know the flow of a kind. */
export const flowName = (kind: OperationKind): string =>
  IRREGULAR[kind] ?? `octavia-${kind.replace('load_balancer', 'loadbalancer').replaceAll('_', '-')}-flow`;
