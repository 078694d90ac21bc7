/** `octavia operations …` and `octavia flows …`: what is going on, by hand, also when no API runs. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Verb } from '../../flows/operator-verbs.ts';
import type { OperationFilter } from '../operations.ts';
import type { InstallationFlags } from './installation.ts';
import type { CommonOptions } from './operator.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const installation = async (flags: InstallationFlags) => (await import('./installation.ts')).findInstallation(flags);

function parseId(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be a UUID.');
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 10_000) return limit;
  throw new InvalidArgumentError('It must be a whole number from 1 to 10000.');
}

export function addOperations(program: Command, common: CommonOptions): void {
  const operations = program.command('operations').description('Changes of load balancers: accepted, running, ended.');
  addList(operations, common);
  addShow(operations, common);
  addVerb(operations, common, 'resume', 'Carry out a failed operation again.');
  addVerb(operations, common, 'abandon', 'Stop an operation and undo what it did.');
  addVerb(
    operations,
    common,
    'reset',
    'End an operation as it is and set the statuses it left, without doing anything.',
  );
  addFlows(program);
}

function addList(operations: Command, { configFile, stateDir }: CommonOptions): void {
  operations
    .command('list')
    .description('The newest operations of all projects, newest first.')
    .option('--state <state>', 'queued, running, undoing, succeeded or failed')
    .option('--kind <kind>', 'e.g. create_load_balancer')
    .addOption(new Option('--loadbalancer <id>', 'of this load balancer').argParser(parseId))
    .option('--project <id>', 'of this project')
    .addOption(new Option('--limit <number>', 'at most so many').argParser(parseLimit).default(50))
    .option('--json', 'as JSON')
    .addOption(configFile())
    .addOption(stateDir())
    .action(async (flags: InstallationFlags & OperationFilter) => {
      const { databaseUrl } = await installation(flags);
      const { listOperations } = await import('../operations.ts');
      say(await listOperations(databaseUrl, flags));
    });
}

function addShow(operations: Command, { configFile, stateDir }: CommonOptions): void {
  operations
    .command('show')
    .description('One operation with its steps and what operators did to it.')
    .argument('<id>', 'of the operation', parseId)
    .option('--json', 'as JSON')
    .addOption(configFile())
    .addOption(stateDir())
    .action(async (id: string, flags: InstallationFlags & { json?: boolean }) => {
      const { databaseUrl } = await installation(flags);
      const { showOperation } = await import('../operations.ts');
      say(await showOperation(databaseUrl, id, flags.json ?? false));
    });
}

function addVerb(operations: Command, { configFile, stateDir }: CommonOptions, verb: Verb, description: string): void {
  const command = operations
    .command(verb)
    .description(description)
    .argument('<id>', 'of the operation', parseId)
    .option('--reason <text>', 'kept with what was done')
    .addOption(configFile())
    .addOption(stateDir());
  if (verb === 'reset') {
    command.addOption(
      new Option('--status <status>', 'of the load balancer and what waits below it')
        .choices(['ACTIVE', 'ERROR'])
        .makeOptionMandatory(),
    );
  }
  command.action(async (id: string, flags: InstallationFlags & { reason?: string; status?: 'ACTIVE' | 'ERROR' }) => {
    const { databaseUrl } = await installation(flags);
    const { actOnOperation } = await import('../operations.ts');
    const { reason = null, status } = flags;
    say(await actOnOperation(databaseUrl, verb, id, { reason, ...(status ? { status } : {}) }));
  });
}

function addFlows(program: Command): void {
  const flows = program.command('flows').description('How operations are carried out, step by step.');
  flows
    .command('list')
    .description('Every flow, with what it does.')
    .action(async () => {
      const { listFlows } = await import('../../flows/diagram.ts');
      say(listFlows());
    });
  flows
    .command('show')
    .description('The steps of a flow as a diagram.')
    .argument('<name>', 'a kind of operation, or the name of a flow of OpenStack Octavia')
    .action(async (name: string) => {
      const { showFlow } = await import('../../flows/diagram.ts');
      say(showFlow(name));
    });
}
