/** What a running command has to do with. */
import type { Api } from '@octavia/client';
import type { Values } from '../parser/parse.ts';
import type { Surroundings } from '../surroundings.ts';

/** The services of a cloud; each is looked up in the catalogue when it is first needed. */
export interface Services {
  loadBalancing(): Promise<Api>;
  network(): Promise<Api>;
  identity(): Promise<Api>;
}

export interface Context extends Surroundings {
  /** Options of the program. */
  readonly globals: Values;
  readonly services: Services;
  /** Where a line of standard error is drawn again and again: `err` lets nothing through that steers a terminal. */
  readonly errScreen: Pick<Surroundings, 'err' | 'errColumns'>;
}
