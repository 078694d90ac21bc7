import { OctaviaError } from '../errors.ts';

/** What the files and the environment say makes no sense. */
export class CloudConfigError extends OctaviaError {
  override name = 'CloudConfigError';
}
