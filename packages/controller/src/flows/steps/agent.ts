/** What concerns the agent of one amphora and not its load balancer. */

import type { Amphora } from '../../domain/resources.ts';
import * as amphorae from '../../store/resources/amphorae.ts';
import type { FlowDependencies, Step } from '../flow.ts';

/** @returns when the new certificate ends */
export async function renewCertificate(
  { store, certificates, dataplane }: Pick<FlowDependencies, 'store' | 'certificates' | 'dataplane'>,
  amphora: Amphora,
): Promise<Date> {
  const issued = await certificates.issueServerCertificate(amphora.id);
  await dataplane.uploadCertificate(amphora, `${issued.certificate.trimEnd()}\n${issued.privateKey}`);
  await amphorae.update(store.db, amphora.id, { certExpiration: issued.expiresAt });
  return issued.expiresAt;
}

/** One step, for the private key is kept nowhere but in the amphora. */
export function rotateCertificate(id: string): Step {
  return {
    name: `renew the certificate of ${id}`,
    async run(context) {
      const { store } = context;
      const amphora = await amphorae.get(store.db, id);
      if (!amphora) return 'already gone';
      const expiresAt = await renewCertificate(context, amphora);
      // Reached at last: a former try that failed is forgotten.
      const recovered = amphora.status === 'ERROR' ? ({ status: 'ALLOCATED' } as const) : {};
      await amphorae.update(store.db, id, { certBusy: false, ...recovered });
      return expiresAt.toISOString();
    },
  };
}

export function updateAgentConfiguration(id: string): Step {
  return {
    name: `update the agent configuration of ${id}`,
    async run(context) {
      const { store, dataplane, log, operation } = context;
      const amphora = await amphorae.get(store.db, id);
      if (!amphora) return 'already gone';
      const outcome = await dataplane.updateAgentConfiguration(amphora, context.agentConfiguration(amphora));
      if (outcome === 'unsupported') {
        log.error({ operation: operation.id, amphora: id }, 'The agent is too old to take a new configuration');
      }
      return outcome;
    },
  };
}
