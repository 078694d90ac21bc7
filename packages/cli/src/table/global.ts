/** Options of the program itself, understood before and behind the command. */
import type { Argument } from '../command.ts';
import { HELP } from './output.ts';

const flag = (flags: string[], dest: string, help: string, more: Partial<Argument> = {}): Argument => ({
  flags,
  dest,
  takes: 0,
  help,
  ...more,
});

/** An option whose variable in the environment has the same name. */
const setting = (name: string, metavar: string, help: string, more: Partial<Argument> = {}): Argument => ({
  flags: [`--os-${name}`],
  dest: name.replaceAll('-', '_'),
  metavar,
  help: `${help} (OS_${name.toUpperCase().replaceAll('-', '_')})`,
  ...more,
});

export const PROGRAM_ARGUMENTS: readonly Argument[] = [
  flag(['--version'], 'version', 'Show the version.', { action: 'version' }),
  flag(['-v', '--verbose'], 'verbose_level', 'Say more; repeat it for more still.', {
    action: 'count',
    default: 1,
    group: 'verbosity',
  }),
  flag(['-q', '--quiet'], 'verbose_level', 'Say only what went wrong.', { constant: 0, group: 'verbosity' }),
  { flags: ['--log-file'], dest: 'log_file', metavar: 'LOG_FILE', help: 'File that gets the log, too.' },
  HELP,
  flag(['--debug'], 'debug', 'Show every request and answer, secrets masked.'),
  flag(['--curl'], 'curl', 'Print the requests as curl commands, secrets left out; nothing is changed.', {
    whole: true,
  }),
];

export const CONNECTION_ARGUMENTS: readonly Argument[] = [
  setting('cloud', '<cloud-config-name>', 'Cloud of clouds.yaml.'),
  setting('region-name', '<auth-region-name>', 'Region.'),
  setting('cacert', '<ca-bundle-file>', 'File with the CAs to trust.'),
  setting('cert', '<certificate-file>', 'Client certificate.'),
  setting('key', '<key-file>', 'Key of the client certificate.'),
  flag(['--verify'], 'verify', 'Check certificates of servers (default).', { group: 'verify' }),
  flag(['--insecure'], 'insecure', 'Do not check certificates of servers.', { group: 'verify' }),
  setting('default-domain', '<auth-domain>', 'Domain where none is named; "default" unless told otherwise.'),
  setting('interface', '<interface>', 'Which address of a service.', { choices: ['admin', 'public', 'internal'] }),
  flag(['--timing'], 'timing', 'Show how long each request took.'),
  flag(['--os-beta-command'], 'beta_command', 'Allow commands that may change.'),
  setting('loadbalancer-api-version', '<loadbalancer-api-version>', 'Version of the load balancing API; 2.0.'),
  setting('identity-api-version', '<identity-api-version>', 'Version of the identity API; 3.'),
  setting('network-api-version', '<network-api-version>', 'Version of the network API; 2.0.'),
  setting('endpoint-override', '<endpoint>', 'Address of the load balancing API, in place of the catalogue.', {
    flags: ['--os-load-balancer-endpoint-override'],
    dest: 'load_balancer_endpoint_override',
    help: 'Address of the load balancing API, in place of the catalogue. (OS_LOAD_BALANCER_ENDPOINT_OVERRIDE)',
  }),
];

const AUTH: readonly (readonly [string, string])[] = [
  ['auth-type', 'How to authenticate: password, token, v3applicationcredential, none and others.'],
  ['auth-url', 'Address of Keystone.'],
  ['username', 'User.'],
  ['user-id', 'Id of the user.'],
  ['user-domain-name', 'Domain of the user.'],
  ['user-domain-id', 'Id of the domain of the user.'],
  ['password', 'Password.'],
  ['passcode', 'Code of the second factor.'],
  ['project-name', 'Project.'],
  ['project-id', 'Id of the project.'],
  ['project-domain-name', 'Domain of the project.'],
  ['project-domain-id', 'Id of the domain of the project.'],
  ['domain-name', 'Domain that is the scope.'],
  ['domain-id', 'Id of the domain that is the scope.'],
  ['default-domain-name', 'Domain of user and project where none is named.'],
  ['default-domain-id', 'Id of that domain.'],
  ['system-scope', 'With "all" the whole system is the scope.'],
  ['trust-id', 'Trust that is the scope.'],
  ['token', 'Token.'],
  ['endpoint', 'Address of the service, with auth types none and admin_token.'],
  ['application-credential-id', 'Id of the application credential.'],
  ['application-credential-name', 'Name of the application credential.'],
  ['application-credential-secret', 'Secret of the application credential.'],
  ['auth-methods', 'Methods of v3multifactor.'],
  ['identity-provider', 'Identity provider.'],
  ['protocol', 'Protocol of the identity provider.'],
  ['client-id', 'OpenID client.'],
  ['client-secret', 'Secret of the OpenID client.'],
  ['access-token', 'OpenID access token.'],
  ['access-token-type', 'Type of the OpenID access token.'],
  ['access-token-endpoint', 'Where OpenID access tokens come from.'],
  ['discovery-endpoint', 'Where the OpenID provider describes itself.'],
  ['device-authorization-endpoint', 'Where OpenID devices ask.'],
  ['openid-scope', 'OpenID scope.'],
];

export const AUTH_ARGUMENTS: readonly Argument[] = [
  ...AUTH.map(([name, help]) => setting(name, `<${name}>`, help)),
  setting('tenant-name', '<tenant-name>', 'Project.', { dest: 'project_name', hidden: true }),
  setting('tenant-id', '<tenant-id>', 'Id of the project.', { dest: 'project_id', hidden: true }),
];

export const GLOBAL_ARGUMENTS: readonly Argument[] = [...PROGRAM_ARGUMENTS, ...CONNECTION_ARGUMENTS, ...AUTH_ARGUMENTS];
