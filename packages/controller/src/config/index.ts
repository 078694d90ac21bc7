/** The configuration room: the option registry, the loader, and what is generated from the registry. */
export { type DescribedOption, describeConfig } from './describe.ts';
export { type Config, type ConfigSources, loadConfig } from './load.ts';
export { configReference } from './reference.ts';
export {
  type ConfigOverrides,
  type ConfigValues,
  REGISTRY,
  type RegisteredOption,
  registeredOptions,
  type SectionName,
} from './registry.ts';
export { sampleConfig } from './sample.ts';
export { environmentName } from './sources.ts';
