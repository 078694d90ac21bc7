/** `octavia certificate`: certificates in files, for [certificates] cert_manager = local_cert_manager. */
import { configFiles, type Handler, say, textOf, texts, type Values } from './values.ts';

async function folderOf(values: Values): Promise<string> {
  const stateDir = textOf(values, 'state_dir');
  if (stateDir) return (await import('../../local/up/settings.ts')).statePaths(stateDir).tenantCertificates;
  const { loadConfig } = await import('../../config/index.ts');
  return loadConfig({ files: configFiles(values), env: process.env }).certificates.storage_path;
}

export const CERTIFICATE: Readonly<Record<string, Handler>> = {
  'certificate add': async (values) => {
    const { addCertificate } = await import('../tenant-certificates.ts');
    const { passphrase, project } = texts(values, 'passphrase', 'project');
    const options = {
      file: textOf(values, 'file') ?? '',
      ...(passphrase ? { passphrase } : {}),
      ...(project ? { project } : {}),
    };
    say(await addCertificate(await folderOf(values), options));
  },
  'certificate list': async (values) => {
    const { listCertificates } = await import('../tenant-certificates.ts');
    for (const line of await listCertificates(await folderOf(values))) say(line);
  },
  'certificate remove': async (values) => {
    const { removeCertificate } = await import('../tenant-certificates.ts');
    await removeCertificate(await folderOf(values), textOf(values, 'reference') ?? '');
  },
};
