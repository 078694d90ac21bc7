/** What concerns the agent of one amphora and not its load balancer. */
import * as amphorae from '../../store/amphorae.ts';
import type { Step } from '../flow.ts';

/** One step, for the private key is kept nowhere but in the amphora. */
export function rotateCertificate(id: string): Step {
  return {
    name: `renew the certificate of ${id}`,
    async run(context) {
      const { store, certificates, dataplane } = context;
      const amphora = await amphorae.get(store.db, id);
      if (!amphora) return 'already gone';
      const issued = await certificates.issueServerCertificate(id);
      await dataplane.uploadCertificate(amphora, `${issued.certificate.trimEnd()}\n${issued.privateKey}`);
      // Reached at last: a former try that failed is forgotten.
      const recovered = amphora.status === 'ERROR' ? ({ status: 'ALLOCATED' } as const) : {};
      await amphorae.update(store.db, id, { certExpiration: issued.expiresAt, certBusy: false, ...recovered });
      return issued.expiresAt.toISOString();
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
