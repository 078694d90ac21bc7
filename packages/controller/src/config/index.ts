/** The configuration room: the option registry, the loader, and what is generated from the registry. */
export { describeConfig } from './describe.ts';
export { type Config, loadConfig } from './load.ts';
export { configReference } from './reference.ts';
export {
  type ConfigOverrides,
  type ConfigValues,
  REGISTRY,
  registeredOptions,
} from './registry.ts';
export { sampleConfig } from './sample.ts';
