/** `octavia image`: images of amphorae. */
import { type Handler, isSet, say, textOf, type Values } from './values.ts';

const list = (values: Values, name: string): string[] => (values[name] as string[] | null) ?? [];

/** What is wrong is a sentence, and what to do about it the next one. */
async function orSentence(work: (image: typeof import('@octavia/image')) => Promise<void>): Promise<void> {
  const image = await import('@octavia/image');
  try {
    await work(image);
  } catch (error) {
    if (!(error instanceof image.ImageError)) throw error;
    process.stderr.write(`${error.message}\n${error.remedy}\n`);
    process.exitCode = 1;
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

export const IMAGE: Readonly<Record<string, Handler>> = {
  'image build': (values) =>
    orSentence(async ({ buildImage, planBuild, VERSION }) => {
      if (isSet(values, 'show_version')) {
        say(VERSION);
        return;
      }
      const text = (name: string): string => textOf(values, name) ?? '';
      const optional = (name: string): string | null => textOf(values, name) ?? null;
      const plan = planBuild({
        arch: text('arch'),
        backend: text('backend'),
        cache: text('cache'),
        release: optional('release'),
        mandatoryAccess: isSet(values, 'mandatory_access'),
        noTmpfs: isSet(values, 'no_tmpfs'),
        branch: optional('branch'),
        base: text('base'),
        kernel: text('kernel'),
        logFile: optional('log'),
        noSshd: isSet(values, 'no_sshd'),
        output: text('output'),
        fromPackages: isSet(values, 'from_packages'),
        rootPassword: optional('root_password'),
        size: text('size'),
        types: text('types'),
        workFolder: text('work_folder'),
        trace: isSet(values, 'trace'),
        fips: isSet(values, 'fips'),
        mirror: optional('mirror'),
        packages: list(values, 'package'),
        datasources: text('datasources'),
        epoch: optional('epoch'),
      });
      for (const { path, bytes } of await buildImage(plan, say)) say(`${path}  ${megabytes(bytes)}`);
    }),
  'image push': (values) =>
    orSentence(async ({ pushImage }) => {
      const { tag, property } = values as { tag: string[] | null; property: string[] | null };
      await pushImage({
        file: textOf(values, 'file') ?? '',
        name: textOf(values, 'name') ?? null,
        tags: tag ?? ['amphora'],
        properties: property ?? [],
        visibility: textOf(values, 'visibility') ?? 'private',
        connection: values.connection as Record<string, string | boolean>,
        say,
        progress: (line) => void process.stderr.write(line),
      });
    }),
};
