import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Config } from '../../config/index.ts';
import { renewalMargin } from '../../housekeeping/certificate-rotation.ts';
import { certificatesIn, signingAuthority } from '../../processes/signing-authority.ts';
import type { Store } from '../../store/core/database.ts';
import * as certificates from '../../store/resources/amphora-certificates.ts';
import { duration, type Finding, failure, listing, success, warning } from './check.ts';

const MONTH_SECONDS = 30 * 86_400;

async function fileFindings(name: string, file: string, now: Date): Promise<Finding[]> {
  const found = certificatesIn(await readFile(file, 'utf8'));
  if (found.length === 0) return [failure(name, `${file} holds no certificate.`)];
  return found.map((certificate) => {
    const left = (new Date(certificate.validTo).getTime() - now.getTime()) / 1000;
    const subject = certificate.subject.replaceAll('\n', ', ');
    if (left < 0) return failure(name, `${subject} in ${file} ended ${duration(left)} ago.`);
    const sentence = `${subject} ends in ${duration(left)}`;
    return left < MONTH_SECONDS ? warning(name, `${sentence}: replace it (${file}).`) : success(name, sentence);
  });
}

/** The files of the control plane: how long they last, and whether they belong together. */
export async function controlPlaneCertificates(config: Config, now: Date): Promise<Finding[]> {
  if (config.certificates.cert_generator !== 'local_cert_generator') {
    return [success('Certificate authorities', 'Certificates are not made here')];
  }
  const { client_ca } = config.controller_worker;
  const { client_cert, server_ca } = config.haproxy_amphora;
  const findings = [
    ...(await fileFindings('Amphora CA', config.certificates.ca_certificate, now)),
    ...(await fileFindings('Trusted amphora CAs', server_ca, now)),
    ...(await fileFindings('Client CA', client_ca, now)),
    ...(await fileFindings('Client certificate', client_cert, now)),
  ];
  const signer = await signingAuthority(config);
  if (signer && !signer.trusted) {
    findings.push(failure('Trusted amphora CAs', `${server_ca} does not hold the CA that signs (${signer.subject}).`));
  }
  const client = new X509Certificate(await readFile(client_cert));
  const authorities = certificatesIn(await readFile(client_ca, 'utf8'));
  if (!authorities.some((authority) => client.verify(authority.publicKey))) {
    findings.push(
      failure('Client certificate', `No CA of ${client_ca} signed ${client_cert}: new amphorae would refuse it.`),
    );
  }
  return findings;
}

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
export async function authoritiesEverywhere(store: Store, config: Config): Promise<Finding[]> {
  const name = 'Authorities at amphorae';
  const authority = await signingAuthority(config);
  if (authority === null) return [];
  const behind = await certificates.withoutAuthority(store.db, authority.fingerprint);
  if (behind === null)
    return [warning(name, 'Housekeeping has not seen the present ones yet: wait for its next look.')];
  if (behind.length === 0) return [success(name, 'Every amphora has those in force')];
  return [warning(name, listing(`${behind.length} amphorae have not got those in force yet: wait.`, behind))];
}
