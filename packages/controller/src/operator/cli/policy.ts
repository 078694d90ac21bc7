/** `octavia policy …`: counterparts of oslopolicy-sample-generator, -policy-generator, -list-redundant, -convert-json-to-yaml, -checker. */
import { configFiles, type Handler, say, textOf, texts, type Values } from './values.ts';

const output = (values: Values): { outputFile?: string } => {
  const outputFile = textOf(values, 'output_file');
  return outputFile === undefined ? {} : { outputFile };
};

const print = (lines: readonly string[]): void => {
  for (const line of lines) say(line);
};

const policy = () => import('../policy.ts');

export const POLICY: Readonly<Record<string, Handler>> = {
  'policy sample': async (values) => (await policy()).writeSample(output(values)),
  'policy generate': async (values) =>
    (await policy()).writeMerged({ ...output(values), configFiles: configFiles(values) }),
  'policy list-redundant': async (values) =>
    print((await policy()).listRedundant({ configFiles: configFiles(values) })),
  'policy convert': async (values) =>
    (await policy()).convert(textOf(values, 'policy_file') ?? '', {
      ...output(values),
      configFiles: configFiles(values),
    }),
  'policy check': async (values) =>
    print(
      (await policy()).checkAccess({
        access: textOf(values, 'access') ?? '',
        ...texts(values, 'rule', 'project'),
        configFiles: configFiles(values),
      }),
    ),
};
