/** What the kit finds fault with, by the names under which it says so. */
export const FAULTS = {
  crashed: 'The connection to the driver broke during a call: its process ended, or it hung up.',
  stalled: 'A call had no answer before its deadline.',
  'waits-for-itself':
    'A call waits for the answer to a report about its own objects. The API answers it only after the call: report after returning.',
  unreachable: 'The driver did not take a connection.',
  nonsense: 'The answer of a call is not what the interface says.',
  'unexpected-error': 'A call failed with an error that is not one of the interface.',
  'wrong-error': 'A call was refused with an error that the interface has for other calls.',
  'no-words': 'An error has no text that tells the user what is wrong.',
  refused: 'A plain request was refused as if it had failed.',
  mandatory: 'A call that every driver has to have is not supported.',
  'not-released': 'An object that was locked for the change got no end state.',
  'released-early': 'The load balancer was released while other objects of the change still waited.',
  'ended-in-error': 'A plain change ended in ERROR.',
  'unknown-id': 'A report names an object that does not exist.',
  'unknown-status': 'A report has a status that does not exist.',
  'wrong-status': 'A report has a status that is not an end of the change.',
  'stray-report': 'A report ends a change that nobody asked for.',
  'reported-after-refusal': 'A report is about an object of a change that the driver had refused.',
  'malformed-report': 'A message to the driver agent cannot be read.',
  'bad-statistics': 'Statistics are not the five whole numbers of a listener that exists.',
} as const;

export type FaultName = keyof typeof FAULTS;

export interface Fault {
  name: FaultName;
  /** What was seen, with ids and words. */
  text: string;
}
