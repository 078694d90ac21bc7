/** Commands for whoever looks after an installation: `doctor`, `status`, `amphorae`, `subnets`, `housekeeping orphans`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { InstallationFlags } from './installation.ts';

type Make = () => Option;

export interface CommonOptions {
  configFile: Make;
  stateDir: Make;
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const installation = async (flags: InstallationFlags) => (await import('./installation.ts')).findInstallation(flags);

export function addOperatorCommands(program: Command, common: CommonOptions): void {
  addDoctor(program, common);
  addStatus(program, common);
  addAmphorae(program, common);
  addSubnets(program, common);
}

function addDoctor(program: Command, { configFile, stateDir }: CommonOptions): void {
  program
    .command('doctor')
    .description('Tell how the installation is. Exit code 0: well, 1: something to look at, 2: something is broken.')
    .option('--no-probe', 'do not ask the agents of amphorae')
    .option('--json', 'findings as JSON')
    .addOption(configFile())
    .addOption(stateDir())
    .action(async (flags: InstallationFlags & { probe: boolean; json?: boolean }) => {
      const { config, databaseUrl } = await installation(flags);
      const { examine } = await import('../doctor/doctor.ts');
      const { exitCode, table } = await import('../doctor/check.ts');
      const findings = await examine(config, databaseUrl, { probe: flags.probe });
      say(flags.json ? JSON.stringify(findings, null, 2) : table('Octavia Doctor', findings));
      process.exit(exitCode(findings));
    });
}

/** The shape of `octavia-status <category> <command>`. */
function addStatus(program: Command, { configFile, stateDir }: CommonOptions): void {
  const status = program.command('status').description('Checks by category; "upgrade" is the only one.');
  status.action(() => say('upgrade'));
  const upgrade = status.command('upgrade').description('Whether an upgrade may begin.');
  upgrade.action(() => say('check'));
  upgrade
    .command('check')
    .description('Exit code 0: ready, 1: warnings, 2: a failure stops the upgrade, 255: unexpected error.')
    .addOption(configFile())
    .addOption(stateDir())
    .action(async (flags: InstallationFlags) => {
      try {
        const { config, databaseUrl } = await installation(flags);
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
    });
}

function parseId(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be the id of an amphora.');
}

function addAmphorae(program: Command, { configFile, stateDir }: CommonOptions): void {
  program
    .command('amphorae')
    .description('Look after amphorae.')
    .command('renew-certificates')
    .description('Have housekeeping renew the certificate of every amphora, or of one, now.')
    .addOption(new Option('--amphora <id>', 'only of this one').argParser(parseId))
    .addOption(configFile())
    .addOption(stateDir())
    .action(async (flags: InstallationFlags & { amphora?: string }) => {
      const { databaseUrl } = await installation(flags);
      const { rotateNow } = await import('../rotate-certificates.ts');
      const count = await rotateNow(databaseUrl, flags.amphora ?? null);
      say(`Certificates of ${count} amphora${count === 1 ? '' : 'e'} are renewed within the next minutes.`);
    });
}

function addSubnets(program: Command, { configFile, stateDir }: CommonOptions): void {
  program
    .command('subnets')
    .description('List the subnets for VIPs and members, and where back ends on this host can listen.')
    .addOption(configFile())
    .addOption(stateDir())
    .action(async (flags: InstallationFlags) => {
      const { config, databaseUrl } = await installation(flags);
      const { describeSubnets } = await import('../subnets.ts');
      say(await describeSubnets(config, databaseUrl));
    });
}

/** Below the command of the service, which itself takes no arguments. */
export function addOrphans(housekeeping: Command, { configFile, stateDir }: CommonOptions): void {
  housekeeping
    .command('orphans')
    .description('Remove instances and ports that no row names and that are old enough.')
    .option('--dry-run', 'only tell what would be removed')
    .option('--force', 'also when a large part of everything looks like orphans')
    .addOption(configFile())
    .addOption(stateDir())
    .action(async (own: InstallationFlags & { dryRun?: boolean; force?: boolean }, command: Command) => {
      // --config-file is an option of the service too, and is then found there.
      const flags = { ...own, ...command.optsWithGlobals<InstallationFlags>() };
      const { config, databaseUrl } = await installation(flags);
      const { removeOrphans } = await import('../orphans.ts');
      const { lines, code } = await removeOrphans(config, databaseUrl, {
        dryRun: own.dryRun ?? false,
        force: own.force ?? false,
      });
      for (const line of lines) say(line);
      process.exit(code);
    });
}
