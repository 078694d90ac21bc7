/** What the author of a provider driver needs. Depends on nothing else of this project. */
export { Conflict, DriverError, type Faults, NotFound, NotImplementedError, UnsupportedOptionError } from './errors.ts';
