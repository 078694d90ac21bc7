/** Services of a cloud as workers reach them that die, or that never hear an answer. */
import { UnreachableError } from '@octavia/client/keystone';
import type { OpenStackSession } from '../../../src/clouds/openstack/session.ts';
import { Crash } from '../../../src/flows/fault-points.ts';

export class Mortal {
  /** Changes until something happens; 0: nothing does. */
  left = 0;
  /** What happens once the change is made: the worker dies, or it is told that there was no answer. */
  fate: 'dies' | 'loses the answer' = 'dies';
  /** Changes so far. */
  changes = 0;
  /** Nothing that a dead worker still does has an effect. */
  dead = false;
  /** Of which the clients of the services are made. */
  readonly session: OpenStackSession;

  constructor(session: OpenStackSession) {
    const service: OpenStackSession['service'] = (kind) => {
      const own = session.service(kind);
      return {
        ...own,
        send: async (request) => {
          if (this.dead) throw new Crash();
          const answer = await own.send(request);
          const isHit = request.method !== 'GET' && this.#hit();
          if (this.dead) throw new Crash();
          if (isHit) throw new UnreachableError('the answer was lost', { mayHaveArrived: true });
          return answer;
        },
      };
    };
    this.session = { service } as OpenStackSession;
  }

  /** @returns whether the answer to the change that was made now is lost */
  #hit(): boolean {
    this.changes += 1;
    this.left -= 1;
    if (this.left !== 0) return false;
    this.dead = this.fate === 'dies';
    return true;
  }
}
