import type { CertificateGenerator } from '../../clouds/certificates/interface.ts';
import type { Config } from '../../config/index.ts';
import { renewalMargin } from '../../housekeeping/certificate-rotation.ts';
import type { Store } from '../../store/core/database.ts';
import * as certificates from '../../store/resources/amphora-certificates.ts';
import { type Finding, failure, listing, success, warning } from './check.ts';

export async function amphoraCertificates(store: Store, config: Config): Promise<Finding[]> {
  const { cert_validity_time } = config.certificates;
  const margin = renewalMargin(cert_validity_time, config.house_keeping.cert_expiry_buffer);
  // Due is normal for an hour; late is what was due and nobody renewed for a tenth of its life.
  const troubled = await certificates.troubled(store.db, margin - cert_validity_time / 10);
  const name = 'Amphora certificates';
  if (troubled.length === 0) return [success(name, 'None is late')];
  const lines = troubled.map(({ amphoraId, expiresAt, failures, reason }) => {
    const tried =
      failures === 0
        ? 'housekeeping renews it at its next look, a worker with the next change'
        : `renewal failed ${failures} times, last: ${reason}`;
    const hasEnded = expiresAt !== null && expiresAt.getTime() < Date.now();
    return `${amphoraId} ${hasEnded ? 'ended' : 'ends'} ${expiresAt?.toISOString() ?? 'at an unknown time'}; ${tried}`;
  });
  const ended = troubled.some(({ expiresAt }) => expiresAt !== null && expiresAt.getTime() < Date.now());
  return [(ended ? failure : warning)(name, listing(`${troubled.length} are late:`, lines))];
}

/** While authorities are replaced the next step must wait until every amphora has the ones in force. */
export async function authoritiesEverywhere(store: Store, generator: CertificateGenerator): Promise<Finding[]> {
  const name = 'Authorities at amphorae';
  if (!generator.authority) return [];
  const authority = await generator.authority();
  const behind = await certificates.withoutAuthority(store.db, authority.fingerprint);
  if (behind === null)
    return [warning(name, 'Housekeeping has not seen the present ones yet: wait for its next look.')];
  if (behind.length === 0) return [success(name, 'Every amphora has those in force')];
  return [warning(name, listing(`${behind.length} amphorae have not got those in force yet: wait.`, behind))];
}
