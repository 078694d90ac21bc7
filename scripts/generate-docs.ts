/**
 * Writes the files that are generated from tables in the source: `node scripts/generate-docs.ts`.
 * Tests compare the files with the tables, so a change of a table fails until this has run.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cliReference } from '../packages/cli/src/reference.ts';
import { openapiDocument } from '../packages/controller/src/api/openapi/document.ts';
import { policyReference, samplePolicy } from '../packages/controller/src/api/policy/reference.ts';
import { configReference, sampleConfig } from '../packages/controller/src/config/index.ts';
import { ERRORS } from '../packages/controller/src/errors.ts';
import { flowsDocument } from '../packages/controller/src/flows/diagram.ts';
import { driversReference } from '../packages/controller/src/processes/drivers/reference.ts';
import { clientTypes } from './client-types.ts';
import { providerPage } from './provider-page.ts';

const ROOT = join(import.meta.dirname, '..');

const cell = (text: string): string => text.replaceAll('|', '\\|');

function errorsDocument(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, message, remedy }]) => `| ${code} | ${status} | ${cell(message)} | ${cell(remedy)} |`,
  );
  return `# Errors

Every error that leaves the service. In the API the message is the \`faultstring\` of the answer; at start-up the message and
what to do are the last lines on standard error. Words in braces are filled in. Generated from
\`packages/controller/src/errors/\` by \`scripts/generate-docs.ts\`.

| code | HTTP status | message | what to do |
|---|---|---|---|
${rows.join('\n')}
`;
}

async function configurationDocument(): Promise<string> {
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

Generated from \`packages/controller/src/config/\` and \`processes/drivers/table.ts\` by \`scripts/generate-docs.ts\`.

## Drivers

What this release has for the options that name a driver. A service whose driver it does not have, or whose driver misses an
option it needs, does not start. The compute drivers here bring the images and volumes of their own instances with them, whatever
\`image_driver\` and \`volume_driver\` say.

${await driversReference()}
${configReference()}`;
}

function policyDocument(): string {
  return `# Access policy

Every request is checked against a rule named after what it does. With \`[api_settings] auth_strategy = noauth\` everybody
is an administrator; with \`keystone\` the roles and the scope of the token decide.

| role | may |
|---|---|
| \`load-balancer_observer\` | read what belongs to the project of the token |
| \`load-balancer_global_observer\` | read what belongs to any project |
| \`load-balancer_member\` | read and change what belongs to the project of the token |
| \`load-balancer_quota_admin\` | read and change quotas |
| \`load-balancer_admin\` | everything, in all projects |
| \`admin\` | everything; with \`enforce_new_defaults\` or \`enforce_scope\` only with a token of the whole system |

## Changing it

The file that \`[oslo_policy] policy_file\` names (below \`/etc/octavia\` unless the path is absolute) replaces rules by name; all
others keep their default. [etc/policy/policy.yaml.sample](../etc/policy/policy.yaml.sample) has all of them, and beside it are
three complete policies to copy. The file is read again within a second after it changed. A file that is wrong stops the
service at start; later it is logged and the rules before it stay in force.

| check | holds when |
|---|---|
| \`role:<name>\` | the caller has the role, whatever its case |
| \`rule:<name>\` | that rule holds |
| \`is_admin:True\` | \`context_is_admin\` holds, or nobody is authenticated |
| \`<attribute>:<text>\` | the caller's \`user_id\`, \`project_id\`, \`domain_id\`, \`user_domain_id\`, \`project_domain_id\`, \`system_scope\` or one of \`service_roles\` is that text; \`%(project_id)s\` in it is the project of the object |
| \`'<text>':%(project_id)s\` | the project of the object is that text |
| \`@\`, \`!\` | always, never |
| \`not\`, \`and\`, \`or\`, parentheses | as usual; \`and\` binds closer than \`or\` |

An attribute that the caller or the object does not have equals nothing. Checks that ask another server (\`http:\`) are not
available.

Switches in \`[oslo_policy]\`: \`enforce_new_defaults\` ends the older form of rules. \`enforce_scope\` demands the kind of token that a
rule is meant for: \`context_is_admin\` then holds for tokens of the whole system only.

Members of a pool that are replaced in one request need \`member:post\` and \`member:put\`, and \`member:delete\` unless
\`additive_only\` is given. A [desired state](desired-state.md) needs \`loadbalancer:put\`, and for each of its changes the rule of the
single request.

Commands, each with \`--config-file\` for the \`[oslo_policy]\` of the service:

| command | what it does | in oslo.policy |
|---|---|---|
| \`octavia policy sample\` | prints every rule with its default, commented out | \`oslopolicy-sample-generator\` |
| \`octavia policy generate\` | prints every rule in force, as a file that means the same on its own | \`oslopolicy-policy-generator\` |
| \`octavia policy list-redundant\` | lists rules of the file that say what is in force without them | \`oslopolicy-list-redundant\` |
| \`octavia policy convert --policy-file policy.json\` | writes a file in YAML, what changes nothing commented out | \`oslopolicy-convert-json-to-yaml\` |
| \`octavia policy check --access token.json\` | says which rules the owner of a token passes; the file holds the token as Keystone describes it | \`oslopolicy-checker\` |

Generated from \`packages/controller/src/api/policy/rules.ts\` by \`scripts/generate-docs.ts\`.

${policyReference()}`;
}

/** Path below the repository → content. */
export async function generatedFiles(): Promise<Record<string, string>> {
  return {
    'docs/errors.md': errorsDocument(),
    'docs/configuration.md': await configurationDocument(),
    'docs/policy.md': policyDocument(),
    'docs/flows.md': flowsDocument(),
    'docs/cli.md': cliReference(),
    'docs/providers.md': providerPage(ROOT, readFileSync(join(ROOT, 'docs/providers.md'), 'utf8')),
    'docs/openapi.json': `${JSON.stringify(openapiDocument(), null, 2)}\n`,
    'packages/client/src/wire.gen.ts': clientTypes(openapiDocument()),
    'etc/policy/policy.yaml.sample': samplePolicy(),
    'etc/octavia.conf': sampleConfig(),
  };
}

if (import.meta.main) {
  for (const [path, content] of Object.entries(await generatedFiles())) {
    const target = join(ROOT, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
    process.stdout.write(`${path}\n`);
  }
}
