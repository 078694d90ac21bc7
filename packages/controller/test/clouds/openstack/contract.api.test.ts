/** The drivers of Glance, Cinder, Barbican, Nova and Neutron against the fakes: the cases that run against the real services, too. */
import { describe } from 'vitest';
import { barbicanCases } from './barbican-cases.ts';
import type { Bed } from './bed.ts';
import { cinderCases } from './cinder-cases.ts';
import { glanceCases } from './glance-cases.ts';
import { neutronCases } from './neutron-cases.ts';
import { novaCases } from './nova-cases.ts';
import { playCloud } from './support/played-cloud.ts';
import { serverBed } from './support/played-servers.ts';

const played = playCloud();
const bed = (): Bed => ({ session: played.open(), tick: async () => undefined });

describe('image_glance_driver', () => glanceCases(bed));
describe('volume_cinder_driver', () => cinderCases(bed));
describe('barbican_cert_manager', () =>
  barbicanCases(() => ({ session: played.open(), tenant: played.open({ username: 'jane', project_name: 'p1' }) })));
describe('compute_nova_driver', () => novaCases(() => serverBed(played)));
describe('allowed_address_pairs_driver', () => neutronCases(bed));
