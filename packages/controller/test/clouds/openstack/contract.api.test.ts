/** The drivers of Glance and Cinder against the fakes: the cases that run against the real services, too. */
import { describe } from 'vitest';
import type { Bed } from './bed.ts';
import { cinderCases } from './cinder-cases.ts';
import { glanceCases } from './glance-cases.ts';
import { playCloud } from './support/played-cloud.ts';

const played = playCloud();
const bed = (): Bed => ({ session: played.open(), tick: async () => undefined });

describe('image_glance_driver', () => glanceCases(bed));
describe('volume_cinder_driver', () => cinderCases(bed));
