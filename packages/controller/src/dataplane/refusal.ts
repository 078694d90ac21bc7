import { OctaviaError } from '../errors.ts';

/** What all reasons begin with that HAProxy gave for not taking a listener. */
export const refusalOf = (listenerId: string): string =>
  new OctaviaError('CONFIGURATION_REFUSED', { id: listenerId, detail: '' }).message;
