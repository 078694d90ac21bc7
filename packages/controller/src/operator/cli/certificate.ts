/** `octavia certificate`: certificates for people without a secret store. */
import { type Command, Option } from 'commander';

interface Flags {
  configFile: string[];
  stateDir?: string;
}

function stateDirOption(): Option {
  return new Option(
    '--state-dir <dir>',
    'of `octavia up`: its folder of certificates, in place of [certificates] storage_path',
  ).env('OCTAVIA_STATE_DIR');
}

async function folderOf({ configFile, stateDir }: Flags): Promise<string> {
  if (stateDir) return (await import('../../local/up/settings.ts')).statePaths(stateDir).tenantCertificates;
  const { loadConfig } = await import('../../config/index.ts');
  return loadConfig({ files: configFile, env: process.env }).certificates.storage_path;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

export function addCertificate(program: Command, configFileOption: () => Option): void {
  const certificate = program
    .command('certificate')
    .description('Keep certificates in files, for [certificates] cert_manager = local_cert_manager.');
  certificate
    .command('add')
    .description('Store a bundle and print the reference for default_tls_container_ref and its like.')
    .argument('<file>', 'PEM (certificate, key and intermediates; a CA bundle; a CRL) or PKCS#12; - is standard input')
    .addOption(new Option('--passphrase <text>', 'of the key or bundle').env('OCTAVIA_CERTIFICATE_PASSPHRASE'))
    .option('--project <id>', 'the only project that may use it')
    .addOption(stateDirOption())
    .addOption(configFileOption())
    .action(async (file: string, flags: Flags & { passphrase?: string; project?: string }) => {
      const { addCertificate: add } = await import('../tenant-certificates.ts');
      const { passphrase, project } = flags;
      const options = { file, ...(passphrase ? { passphrase } : {}), ...(project ? { project } : {}) };
      say(await add(await folderOf(flags), options));
    });
  certificate
    .command('list')
    .description('Show reference, kind, end of validity, names and project of each.')
    .addOption(stateDirOption())
    .addOption(configFileOption())
    .action(async (flags: Flags) => {
      const { listCertificates } = await import('../tenant-certificates.ts');
      for (const line of await listCertificates(await folderOf(flags))) say(line);
    });
  certificate
    .command('remove')
    .description('Remove one; listeners that refer to it keep what their amphorae have until they are built again.')
    .argument('<reference>')
    .addOption(stateDirOption())
    .addOption(configFileOption())
    .action(async (ref: string, flags: Flags) => {
      const { removeCertificate } = await import('../tenant-certificates.ts');
      await removeCertificate(await folderOf(flags), ref);
    });
}
