/**
 * Writes the files that are generated from tables in the source: `node scripts/generate-docs.ts`.
 * Tests compare the files with the tables, so a change of a table fails until this has run.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configReference, sampleConfig } from '../packages/controller/src/config/index.ts';
import { ERRORS } from '../packages/controller/src/errors.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

function errorsDocument(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, message, remedy }]) => `| ${code} | ${status} | ${cell(message)} | ${cell(remedy)} |`,
  );
  return `# Errors

Every error that leaves the service. In the API the message is the \`faultstring\` of the answer; at start-up it is the
last line on standard error. Words in braces are filled in. Generated from \`packages/controller/src/errors.ts\` by
\`scripts/generate-docs.ts\`.

| code | HTTP status | message | what to do |
|---|---|---|---|
${rows.join('\n')}
`;
}

function configurationDocument(): string {
  return `# Configuration

The services read INI files in the dialect of oslo.config. A complete sample with every option at its default is
[etc/octavia.conf](../etc/octavia.conf).

Who wins, first to last:

1. flags of the command line
2. environment variables \`OS_<SECTION>__<OPTION>\` in upper case, such as \`OS_API_SETTINGS__BIND_PORT=9877\`
3. configuration files; a later file and a later line win, multi-valued options collect all lines
4. the variable that an option names in its own description, such as \`OCTAVIA_STATE_DIR\`
5. what the command chooses (\`npm run up\` chooses the local cloud)
6. the default in the tables below

A value may refer to others: \`$name\` and \`\${name}\` in the same section or \`[DEFAULT]\`, \`\${section.name}\` anywhere.
\`$$\` is a dollar sign. \`<None>\` leaves an option unset. A line that starts with white space continues the value above.

A value that does not fit stops the service at start with the file, line, section and option. Unknown options, old names
and options without effect are reported as warnings; with \`[DEFAULT] fatal_deprecations\` old names stop the service too.

Generated from \`packages/controller/src/config/\` by \`scripts/generate-docs.ts\`.

${configReference()}`;
}

/** Path below the repository → content. */
export function generatedFiles(): Record<string, string> {
  return {
    'docs/errors.md': errorsDocument(),
    'docs/configuration.md': configurationDocument(),
    'etc/octavia.conf': sampleConfig(),
  };
}

if (import.meta.main) {
  for (const [path, content] of Object.entries(generatedFiles())) {
    const target = join(import.meta.dirname, '..', path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
    process.stdout.write(`${path}\n`);
  }
}
