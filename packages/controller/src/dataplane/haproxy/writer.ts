/** Text of configurations and of sections, with the errors of the catalogue. */
import type { HaproxyConfig, Section } from '@octavia/haproxy-config/tree';
import * as writer from '@octavia/haproxy-config/writer';
import { OctaviaError } from '../../errors.ts';

function translated(write: () => string): string {
  try {
    return write();
  } catch (error) {
    if (!(error instanceof writer.UnsafeValueError)) throw error;
    throw new OctaviaError('UNSAFE_CONFIGURATION_VALUE', { keyword: error.keyword });
  }
}

/** @throws OctaviaError UNSAFE_CONFIGURATION_VALUE with the keyword of the line, when a value cannot be held */
export const writeConfig = (config: HaproxyConfig): string => translated(() => writer.writeConfig(config));

/** @throws OctaviaError UNSAFE_CONFIGURATION_VALUE with the keyword of the line, when a value cannot be held */
export const writeSection = (section: Section): string => translated(() => writer.writeSection(section));
