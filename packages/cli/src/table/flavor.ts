/** Flavors, availability zones and their profiles. */
import type { Argument, Command } from '../command.ts';
import { clears, enabling, named, object, option } from './arguments.ts';
import { AVAILABILITY_ZONE, AVAILABILITY_ZONE_PROFILE, FLAVOR, FLAVOR_PROFILE } from './kinds.ts';

const flavor = object('flavor', '<flavor>', 'Name or id of the flavor.', { find: 'flavors' });
const profile = (help: string): Argument =>
  named('--flavorprofile', '<flavor_profile>', 'flavorprofiles', help, { field: 'flavor_profile_id' });
const description = option('--description', '<description>', 'Text for people.');
const clearsDescription = clears('--description', 'Clear the description.');

export const FLAVOR_COMMANDS: readonly Command[] = [
  {
    words: 'loadbalancer flavor create',
    summary: 'Create a flavor.',
    output: 'one',
    does: { verb: 'create', kind: FLAVOR },
    arguments: [
      option('--name', '<name>', 'Name of the flavor.', { required: true }),
      { ...profile('Its flavor profile (name or id).'), required: true },
      description,
      ...enabling('the flavor', { field: 'enabled' }),
    ],
  },
  {
    words: 'loadbalancer flavor delete',
    summary: 'Delete a flavor.',
    output: 'text',
    does: { verb: 'delete', kind: FLAVOR },
    arguments: [flavor],
  },
  {
    words: 'loadbalancer flavor list',
    summary: 'List flavors.',
    output: 'list',
    does: { verb: 'list', kind: FLAVOR },
    arguments: [
      option('--name', '<name>', 'Only those of this name.'),
      profile('Only those of this flavor profile (name or id).'),
      ...enabling('flavors', { words: ['Only enabled', 'Only disabled'], field: 'enabled' }),
    ],
  },
  {
    words: 'loadbalancer flavor set',
    summary: 'Change a flavor.',
    output: 'text',
    does: { verb: 'set', kind: FLAVOR },
    arguments: [
      flavor,
      option('--name', '<name>', 'New name.'),
      ...enabling('the flavor', { field: 'enabled' }),
      { ...description, newer: true },
    ],
  },
  {
    words: 'loadbalancer flavor show',
    summary: 'Show a flavor.',
    output: 'one',
    does: { verb: 'show', kind: FLAVOR },
    arguments: [flavor],
  },
  {
    words: 'loadbalancer flavor unset',
    summary: 'Clear settings of a flavor.',
    output: 'text',
    does: { verb: 'unset', kind: FLAVOR },
    arguments: [flavor, clearsDescription],
  },
];

const flavorProfile = object('flavorprofile', '<flavor_profile>', 'Name or id of the flavor profile.', {
  find: 'flavorprofiles',
});
const provider = (metavar: string, help: string): Argument =>
  option('--provider', metavar, help, { field: 'provider_name' });

export const FLAVOR_PROFILE_COMMANDS: readonly Command[] = [
  {
    words: 'loadbalancer flavorprofile create',
    summary: 'Create a flavor profile.',
    output: 'one',
    does: { verb: 'create', kind: FLAVOR_PROFILE },
    arguments: [
      option('--name', '<name>', 'Name of the flavor profile.', { required: true }),
      { ...provider('<provider name>', 'Provider it is for.'), required: true },
      option('--flavor-data', '<flavor_data>', 'What flavors of it say, as JSON.', { required: true }),
    ],
  },
  {
    words: 'loadbalancer flavorprofile delete',
    summary: 'Delete a flavor profile.',
    output: 'text',
    does: { verb: 'delete', kind: FLAVOR_PROFILE },
    arguments: [flavorProfile],
  },
  {
    words: 'loadbalancer flavorprofile list',
    summary: 'List flavor profiles.',
    output: 'list',
    does: { verb: 'list', kind: FLAVOR_PROFILE },
    arguments: [
      option('--name', '<name>', 'Only those of this name.'),
      provider('<provider_name>', 'Only those of this provider.'),
    ],
  },
  {
    words: 'loadbalancer flavorprofile set',
    summary: 'Change a flavor profile.',
    output: 'text',
    does: { verb: 'set', kind: FLAVOR_PROFILE },
    arguments: [
      flavorProfile,
      option('--name', '<name>', 'New name.'),
      provider('<provider_name>', 'Provider it is for.'),
      option('--flavor-data', '<flavor_data>', 'What flavors of it say, as JSON.'),
    ],
  },
  {
    words: 'loadbalancer flavorprofile show',
    summary: 'Show a flavor profile.',
    output: 'one',
    does: { verb: 'show', kind: FLAVOR_PROFILE },
    arguments: [flavorProfile],
  },
];

const zone = object('availabilityzone', '<availabilityzone>', 'Name of the availability zone.', {
  find: 'availability_zones',
});
const zoneProfileOption = (help: string): Argument =>
  named('--availabilityzoneprofile', '<availabilityzone_profile>', 'availability_zone_profiles', help, {
    field: 'availability_zone_profile_id',
  });

export const AVAILABILITY_ZONE_COMMANDS: readonly Command[] = [
  {
    words: 'loadbalancer availabilityzone create',
    summary: 'Create an availability zone.',
    output: 'one',
    does: { verb: 'create', kind: AVAILABILITY_ZONE },
    arguments: [
      option('--name', '<name>', 'Name of the availability zone.', { required: true }),
      { ...zoneProfileOption('Its availability zone profile (name or id).'), required: true },
      description,
      ...enabling('the availability zone', { field: 'enabled' }),
    ],
  },
  {
    words: 'loadbalancer availabilityzone delete',
    summary: 'Delete an availability zone.',
    output: 'text',
    does: { verb: 'delete', kind: AVAILABILITY_ZONE },
    arguments: [zone],
  },
  {
    words: 'loadbalancer availabilityzone list',
    summary: 'List availability zones.',
    output: 'list',
    does: { verb: 'list', kind: AVAILABILITY_ZONE },
    arguments: [
      option('--name', '<name>', 'Only the one of this name.'),
      zoneProfileOption('Only those of this availability zone profile (name or id).'),
      ...enabling('availability zones', { words: ['Only enabled', 'Only disabled'], field: 'enabled' }),
    ],
  },
  {
    words: 'loadbalancer availabilityzone set',
    summary: 'Change an availability zone.',
    output: 'text',
    does: { verb: 'set', kind: AVAILABILITY_ZONE },
    arguments: [zone, description, ...enabling('the availability zone', { field: 'enabled' })],
  },
  {
    words: 'loadbalancer availabilityzone show',
    summary: 'Show an availability zone.',
    output: 'one',
    does: { verb: 'show', kind: AVAILABILITY_ZONE },
    arguments: [zone],
  },
  {
    words: 'loadbalancer availabilityzone unset',
    summary: 'Clear settings of an availability zone.',
    output: 'text',
    does: { verb: 'unset', kind: AVAILABILITY_ZONE },
    arguments: [zone, clearsDescription],
  },
];

const zoneProfile = object(
  'availabilityzoneprofile',
  '<availabilityzone_profile>',
  'Name or id of the availability zone profile.',
  { find: 'availability_zone_profiles' },
);
const ZONE_DATA = 'What availability zones of it say, as JSON.';

export const AVAILABILITY_ZONE_PROFILE_COMMANDS: readonly Command[] = [
  {
    words: 'loadbalancer availabilityzoneprofile create',
    summary: 'Create an availability zone profile.',
    output: 'one',
    does: { verb: 'create', kind: AVAILABILITY_ZONE_PROFILE },
    arguments: [
      option('--name', '<name>', 'Name of the availability zone profile.', { required: true }),
      { ...provider('<provider name>', 'Provider it is for.'), required: true },
      option('--availability-zone-data', '<availability_zone_data>', ZONE_DATA, { required: true }),
    ],
  },
  {
    words: 'loadbalancer availabilityzoneprofile delete',
    summary: 'Delete an availability zone profile.',
    output: 'text',
    does: { verb: 'delete', kind: AVAILABILITY_ZONE_PROFILE },
    arguments: [zoneProfile],
  },
  {
    words: 'loadbalancer availabilityzoneprofile list',
    summary: 'List availability zone profiles.',
    output: 'list',
    does: { verb: 'list', kind: AVAILABILITY_ZONE_PROFILE },
    arguments: [
      option('--name', '<name>', 'Only those of this name.'),
      provider('<provider_name>', 'Only those of this provider.'),
    ],
  },
  {
    words: 'loadbalancer availabilityzoneprofile set',
    summary: 'Change an availability zone profile.',
    output: 'text',
    does: { verb: 'set', kind: AVAILABILITY_ZONE_PROFILE },
    arguments: [
      zoneProfile,
      option('--name', '<name>', 'New name.'),
      provider('<provider_name>', 'Provider it is for.'),
      option('--availabilityzone-data', '<availabilityzone_data>', ZONE_DATA, { field: 'availability_zone_data' }),
      option('--availability-zone-data', '<availability_zone_data>', ZONE_DATA, { newer: true }),
    ],
  },
  {
    words: 'loadbalancer availabilityzoneprofile show',
    summary: 'Show an availability zone profile.',
    output: 'one',
    does: { verb: 'show', kind: AVAILABILITY_ZONE_PROFILE },
    arguments: [zoneProfile],
  },
];
