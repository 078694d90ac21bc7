import type { Command } from '../command.ts';
import {
  choice,
  clears,
  enabling,
  flag,
  labelOfCreate,
  labelOfSet,
  labelOfUnset,
  NULLABLE,
  named,
  object,
  ofProject,
  option,
  tagFilters,
  tagsOfCreate,
  tagsOfSet,
  tagsOfUnset,
  wait,
} from './arguments.ts';
import { LOAD_BALANCER as kind } from './kinds.ts';

const PROVISIONING = ['ACTIVE', 'DELETED', 'ERROR', 'PENDING_CREATE', 'PENDING_UPDATE', 'PENDING_DELETE'];
const OPERATING = ['ONLINE', 'DRAINING', 'OFFLINE', 'DEGRADED', 'ERROR', 'NO_MONITOR'];

const one = object('loadbalancer', '<load_balancer>', 'Name or id of the load balancer.', { find: 'loadbalancers' });
const qos = named(
  '--vip-qos-policy-id',
  '<vip_qos_policy_id>',
  'qos_policies',
  'QoS policy of the VIP port; none clears it.',
  NULLABLE,
);
const securityGroup = named(
  '--vip-sg-id',
  '<vip_sg_id>',
  'security_groups',
  'Security group of the VIP port; repeat it for several.',
  {
    field: 'vip_sg_ids',
    action: 'append',
    newer: true,
  },
);

export const LOAD_BALANCER_COMMANDS: readonly Command[] = [
  {
    words: 'loadbalancer create',
    summary: 'Create a load balancer.',
    output: 'one',
    does: { verb: 'create', kind },
    arguments: [
      ...labelOfCreate('load balancer'),
      option('--vip-address', '<vip_address>', 'IP address of the VIP.'),
      named('--vip-port-id', '<vip_port_id>', 'ports', 'Port that becomes the VIP (name or id).'),
      named('--vip-subnet-id', '<vip_subnet_id>', 'subnets', 'Subnet of the VIP (name or id).'),
      named('--vip-network-id', '<vip_network_id>', 'networks', 'Network of the VIP (name or id).'),
      qos,
      option(
        '--additional-vip',
        'subnet-id=<name-or-uuid>[,ip-address=<ip>]',
        'A further VIP; repeat it for several.',
        {
          field: 'additional_vips',
          action: 'append',
          as: 'vips',
        },
      ),
      named('--project', '<project>', 'projects', 'Project that owns it (name or id).', { field: 'project_id' }),
      option('--provider', '<provider>', 'Provider that serves it.'),
      option('--availability-zone', '<availability_zone>', 'Availability zone it is built in.'),
      ...enabling('the load balancer', { isDefault: true }),
      named('--flavor', '<flavor>', 'flavors', 'Flavor (name or id).', { field: 'flavor_id' }),
      wait(),
      ...tagsOfCreate('load balancer'),
      securityGroup,
    ],
  },
  {
    words: 'loadbalancer delete',
    summary: 'Delete a load balancer.',
    output: 'text',
    does: { verb: 'delete', kind },
    arguments: [one, flag('--cascade', 'Delete everything below it, too.', { field: 'cascade', sends: true }), wait()],
  },
  {
    words: 'loadbalancer failover',
    summary: 'Replace all amphorae of a load balancer.',
    output: 'text',
    does: { verb: 'failover', kind },
    arguments: [one, wait()],
  },
  {
    words: 'loadbalancer list',
    summary: 'List load balancers.',
    output: 'list',
    does: { verb: 'list', kind },
    arguments: [
      option('--name', '<name>', 'Only those of this name.'),
      ...enabling('load balancers', { words: ['Only enabled', 'Only disabled'] }),
      ofProject('<project-id>'),
      named(
        '--vip-network-id',
        '<vip_network_id>',
        'networks',
        'Only those with the VIP on this network (name or id).',
      ),
      named('--vip-subnet-id', '<vip_subnet_id>', 'subnets', 'Only those with the VIP on this subnet (name or id).'),
      named(
        '--vip-qos-policy-id',
        '<vip_qos_policy_id>',
        'qos_policies',
        'Only those with this QoS policy (name or id).',
      ),
      named('--vip-port-id', '<vip_port_id>', 'ports', 'Only the one with this VIP port (name or id).'),
      choice('--provisioning-status', PROVISIONING, 'Only those in this provisioning status.'),
      choice('--operating-status', OPERATING, 'Only those in this operating status.'),
      option('--provider', '<provider>', 'Only those of this provider.'),
      named('--flavor', '<flavor>', 'flavors', 'Only those of this flavor (name or id).', { field: 'flavor_id' }),
      option('--availability-zone', '<availability_zone>', 'Only those in this availability zone.'),
      ...tagFilters('load balancers'),
    ],
  },
  {
    words: 'loadbalancer set',
    summary: 'Change a load balancer.',
    output: 'text',
    does: { verb: 'set', kind },
    arguments: [
      one,
      ...labelOfSet(),
      qos,
      ...enabling('the load balancer'),
      wait(),
      ...tagsOfSet('load balancer'),
      securityGroup,
    ],
  },
  {
    words: 'loadbalancer show',
    summary: 'Show a load balancer.',
    output: 'one',
    does: { verb: 'show', kind },
    arguments: [one],
  },
  {
    words: 'loadbalancer stats show',
    summary: 'Show what a load balancer counted.',
    output: 'one',
    does: { verb: 'stats', kind },
    arguments: [one],
  },
  {
    words: 'loadbalancer status show',
    summary: 'Show the statuses of a load balancer and everything below it, as JSON.',
    output: 'text',
    does: { verb: 'status', kind },
    arguments: [one],
  },
  {
    words: 'loadbalancer unset',
    summary: 'Clear settings of a load balancer.',
    output: 'text',
    does: { verb: 'unset', kind },
    arguments: [
      one,
      ...labelOfUnset(),
      clears('--vip-qos-policy-id', 'Take the QoS policy away.'),
      wait(),
      ...tagsOfUnset('load balancer'),
      clears('--vip-sg-id', 'Take the security groups away.', { field: 'vip_sg_ids', newer: true }),
    ],
  },
];
