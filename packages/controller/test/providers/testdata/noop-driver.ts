/** The built-in driver without a backend, as a module of its own. */
export { NoopDriver as default } from '../../../src/providers/noop/driver.ts';
