/** `octavia policy …`: counterparts of oslopolicy-sample-generator, -policy-generator, -list-redundant, -convert-json-to-yaml, -checker. */
import { type Command, Option } from 'commander';

interface Flags {
  configFile: string[];
  outputFile?: string;
}

const outputFile = (): Option => new Option('--output-file <file>', 'where to write; standard output when left out');

const print = (lines: readonly string[]): void => {
  for (const line of lines) process.stdout.write(`${line}\n`);
};

/** @param configFile makes the option that all commands share */
export function addPolicy(program: Command, configFile: () => Option): void {
  const policy = program.command('policy').description('Look into the access policy.');
  policy
    .command('sample')
    .description('Print every rule with its default, commented out.')
    .addOption(outputFile())
    .action(async (flags: Pick<Flags, 'outputFile'>) => {
      (await import('../policy.ts')).writeSample(flags);
    });
  policy
    .command('generate')
    .description('Print every rule in force: the defaults and what the policy file replaces.')
    .addOption(outputFile())
    .addOption(configFile())
    .action(async ({ configFile: configFiles, ...flags }: Flags) => {
      (await import('../policy.ts')).writeMerged({ ...flags, configFiles });
    });
  policy
    .command('list-redundant')
    .description('List the rules of the policy file that say what is in force without them.')
    .addOption(configFile())
    .action(async ({ configFile: configFiles }: Flags) => {
      print((await import('../policy.ts')).listRedundant({ configFiles }));
    });
  policy
    .command('convert')
    .description('Write a policy file in YAML, rules that change nothing commented out.')
    .requiredOption('--policy-file <file>', 'file in JSON or YAML')
    .addOption(outputFile())
    .addOption(configFile())
    .action(async ({ policyFile, configFile: configFiles, ...flags }: Flags & { policyFile: string }) => {
      (await import('../policy.ts')).convert(policyFile, { ...flags, configFiles });
    });
  policy
    .command('check')
    .description('Say what the owner of a token may do.')
    .requiredOption('--access <file>', 'JSON file with a token as Keystone describes it')
    .option('--rule <name>', 'this rule only')
    .option('--project <id>', 'project of the object; the project of the token when left out')
    .addOption(configFile())
    .action(async (flags: Flags & { access: string; rule?: string; project?: string }) => {
      const { configFile: configFiles, ...rest } = flags;
      print((await import('../policy.ts')).checkAccess({ ...rest, configFiles }));
    });
}
