import type { StepContext } from '../flow.ts';

/** A compute service may take seconds before it answers, and longer to be done: for that nobody keeps a place. */
const SERVICE_MS = 100;
/** What is done on this host is work of this host: for so long no other one takes its place. */
const THIS_HOST_MS = 10_000;

/** Does what the compute service works at. */
export const atTheCloud = <T>({ places, compute, elsewhere }: StepContext, work: () => Promise<T>): Promise<T> =>
  elsewhere(() => places.away(work, compute.bootsHere ? THIS_HOST_MS : SERVICE_MS));
