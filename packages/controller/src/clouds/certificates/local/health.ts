/** The files of the control plane: how long they last, and whether they belong together. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { duration } from '../../../domain/duration.ts';
import type { HealthFinding } from '../../driver.ts';
import { type AuthorityFilePaths, certificatesIn, signingAuthority } from './signing-authority.ts';

export interface ControlPlaneFiles extends AuthorityFilePaths {
  /** `[haproxy_amphora] client_cert` */
  clientCertificate: string;
}

const MONTH_SECONDS = 30 * 86_400;

async function findingsOf(check: string, file: string, now: Date): Promise<HealthFinding[]> {
  const found = certificatesIn(await readFile(file, 'utf8'));
  if (found.length === 0) return [{ check, result: 'failure', details: `${file} holds no certificate.` }];
  return found.map((certificate) => {
    const left = (new Date(certificate.validTo).getTime() - now.getTime()) / 1000;
    const subject = certificate.subject.replaceAll('\n', ', ');
    if (left < 0) {
      return { check, result: 'failure', details: `${subject} in ${file} ended ${duration(left)} ago.` };
    }
    const sentence = `${subject} ends in ${duration(left)}`;
    if (left >= MONTH_SECONDS) return { check, result: 'success', details: sentence };
    return { check, result: 'warning', details: `${sentence}: replace it (${file}).` };
  });
}

export async function controlPlaneCertificates(files: ControlPlaneFiles, now: Date): Promise<HealthFinding[]> {
  const { caCertificate, serverCa, clientCa, clientCertificate } = files;
  const findings = [
    ...(await findingsOf('Amphora CA', caCertificate, now)),
    ...(await findingsOf('Trusted amphora CAs', serverCa, now)),
    ...(await findingsOf('Client CA', clientCa, now)),
    ...(await findingsOf('Client certificate', clientCertificate, now)),
  ];
  const signer = await signingAuthority(files);
  if (!signer.trusted) {
    const details = `${serverCa} does not hold the CA that signs (${signer.subject}).`;
    findings.push({ check: 'Trusted amphora CAs', result: 'failure', details });
  }
  const client = new X509Certificate(await readFile(clientCertificate));
  const authorities = certificatesIn(await readFile(clientCa, 'utf8'));
  if (!authorities.some((authority) => client.verify(authority.publicKey))) {
    const details = `No CA of ${clientCa} signed ${clientCertificate}: new amphorae would refuse it.`;
    findings.push({ check: 'Client certificate', result: 'failure', details });
  }
  return findings;
}
