/** Tells the store of tenants' secrets which objects use them now. */
import type { SecretUses } from '../clouds/certificates/manager.ts';
import type { Duty } from './housekeeper.ts';

/** One query when nothing has changed. */
const INTERVAL_SECONDS = 30;

export function secretUsesDuty(uses: SecretUses): Duty {
  return {
    name: 'secret uses',
    intervalSeconds: INTERVAL_SECONDS,
    async run() {
      const { added, removed, failed, isMore } = await uses.settle();
      const parts = [
        [added, 'registered'],
        [removed, 'taken away'],
        [failed, 'refused, tried again later'],
      ].filter(([count]) => count !== 0);
      const summary =
        parts.length === 0 ? null : `Consumers of secrets: ${parts.map((part) => part.join(' ')).join(', ')}`;
      return isMore ? { summary, againIn: 0 } : { summary };
    },
  };
}
