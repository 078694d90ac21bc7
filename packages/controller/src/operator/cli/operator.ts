/** Commands for whoever looks after an installation: `doctor`, `status`, `amphorae`, `subnets`, `housekeeping orphans`. */
import { findInstallation } from './installation.ts';
import { type Handler, isSet, say, textOf } from './values.ts';

export const OPERATOR: Readonly<Record<string, Handler>> = {
  doctor: async (values) => {
    const { config, databaseUrl } = await findInstallation(values);
    const { examine } = await import('../doctor/doctor.ts');
    const { exitCode, table } = await import('../doctor/check.ts');
    const findings = await examine(config, databaseUrl, { probe: !isSet(values, 'no_probe') });
    say(isSet(values, 'json') ? JSON.stringify(findings, null, 2) : table('Octavia Doctor', findings));
    process.exit(exitCode(findings));
  },
  // The shape of `octavia-status <category> <command>`.
  status: async () => say('upgrade'),
  'status upgrade': async () => say('check'),
  'status upgrade check': async (values) => {
    try {
      const { config, databaseUrl } = await findInstallation(values);
      const { checkUpgrade } = await import('../doctor/doctor.ts');
      const { exitCode, table } = await import('../doctor/check.ts');
      const findings = await checkUpgrade(config, databaseUrl);
      say(table('Upgrade Check Results', findings));
      process.exit(exitCode(findings));
    } catch (error) {
      const { reportError } = await import('./report.ts');
      reportError(error);
      process.exit(255);
    }
  },
  'amphorae renew-certificates': async (values) => {
    const { databaseUrl } = await findInstallation(values);
    const { rotateNow } = await import('../rotate-certificates.ts');
    const count = await rotateNow(databaseUrl, textOf(values, 'amphora') ?? null);
    say(`Certificates of ${count} amphora${count === 1 ? '' : 'e'} are renewed within the next minutes.`);
  },
  subnets: async (values) => {
    const { config, databaseUrl } = await findInstallation(values);
    const { describeSubnets } = await import('../subnets.ts');
    say(await describeSubnets(config, databaseUrl));
  },
  'housekeeping orphans': async (values) => {
    const { config, databaseUrl } = await findInstallation(values);
    const { removeOrphans } = await import('../orphans.ts');
    const { lines, code } = await removeOrphans(config, databaseUrl, {
      dryRun: isSet(values, 'dry_run'),
      force: isSet(values, 'force'),
    });
    for (const line of lines) say(line);
    process.exit(code);
  },
};
