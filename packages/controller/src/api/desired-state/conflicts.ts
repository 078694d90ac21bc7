/** What of the whole would be in each other's way. */

import type { Listener } from '../../domain/resources.ts';
import { checkRuleCount } from '../../domain/validation/l7-rule.ts';
import { checkPortFree } from '../../domain/validation/listener-port.ts';
import { located } from '../attributes/desired-state.ts';
import type { Plan } from './plan.ts';

/** @throws OctaviaError DUPLICATE_LISTENER, TOO_MANY_RULES */
export function checkConflicts({ after, places }: Plan): void {
  const isNamed = ({ id }: Listener) => Boolean(places.get(id));
  // What the document does not name was there before.
  const listeners = after.listeners.toSorted((a, b) => Number(isNamed(a)) - Number(isNamed(b)));
  for (const [index, listener] of listeners.entries()) {
    located(places.get(listener.id) || 'loadbalancer.listeners', () =>
      checkPortFree(listener, listeners.slice(0, index)),
    );
  }
  for (const { id } of after.l7policies) {
    located(places.get(id) || 'loadbalancer.listeners', () =>
      checkRuleCount(id, after.l7rules.filter((rule) => rule.l7policyId === id).length),
    );
  }
}
