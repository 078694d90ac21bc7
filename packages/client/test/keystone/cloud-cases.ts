/**
 * Files, variables and flags. `testdata/clouds.golden.json` holds what openstacksdk and the openstack command make of them;
 * `npm run test:clouds -- --write` writes it anew.
 */
export interface CloudCase {
  /** Path below the root of the case → text. `home` and `work` are the home and the working directory. */
  files?: Record<string, string>;
  /** ROOT is the root of the case. */
  env?: Record<string, string>;
  /** Flags of the command. */
  argv?: string[];
  /** Default: as the command. */
  as?: 'library';
  /** Keyword arguments of the library. */
  kwargs?: Record<string, string>;
  /** Where ours is another: what, and why. */
  ours?: { why: string; result: Partial<CloudResult> };
}

export type CloudResult =
  | { error: string }
  | {
      error?: undefined;
      name: string;
      region: string | null;
      type: string;
      auth: Record<string, string>;
      interface: string;
      verify: boolean | string;
      cert: string | string[] | null;
      timeout: number | null;
      endpoint: string | null;
    };

const HOME = 'home/.config/openstack';

/** One cloud with the usual five values, and whatever more. */
const cloud = (name: string, more = '', auth = ''): string => `  ${name}:
    auth:
      auth_url: http://keystone/v3
      username: file-user
      password: file-password
      project_name: file-project
      user_domain_name: file-domain
      project_domain_name: file-domain
${auth}    region_name: file-region
${more}`;
const clouds = (...all: string[]): string => `clouds:\n${all.join('')}`;
const one = { [`${HOME}/clouds.yaml`]: clouds(cloud('a')) };
const plain = (auth: string, more = ''): Record<string, string> => ({
  [`${HOME}/clouds.yaml`]: `clouds:\n  a:\n    auth:\n${auth
    .split('\n')
    .map((line) => `      ${line}\n`)
    .join('')}${more}`,
});
const RC = {
  OS_AUTH_URL: 'http://rc/v3',
  OS_USERNAME: 'rc-user',
  OS_PASSWORD: 'rc-password',
  OS_PROJECT_NAME: 'rc-project',
  OS_USER_DOMAIN_NAME: 'rc-domain',
  OS_PROJECT_DOMAIN_NAME: 'rc-domain',
};

export const CLOUD_CASES: Record<string, CloudCase> = {
  // Which cloud
  'the only cloud of the file': { files: one },
  'the cloud of OS_CLOUD': {
    files: { [`${HOME}/clouds.yaml`]: clouds(cloud('a'), cloud('b')) },
    env: { OS_CLOUD: 'b' },
  },
  'the cloud of the flag, before OS_CLOUD': {
    files: { [`${HOME}/clouds.yaml`]: clouds(cloud('a'), cloud('b')) },
    env: { OS_CLOUD: 'b' },
    argv: ['--os-cloud', 'a'],
  },
  'a cloud that is not there': {
    files: one,
    argv: ['--os-cloud', 'x'],
    ours: { why: 'names the clouds that are there', result: { error: 'Cloud x was not found. There are: a.' } },
  },
  'none of several': {
    files: { [`${HOME}/clouds.yaml`]: clouds(cloud('a'), cloud('b')) },
    ours: {
      why: 'the command goes on and complains of a missing auth_url',
      result: { error: 'There are several clouds: choose one with --os-cloud or OS_CLOUD: a, b.' },
    },
  },
  'variables alone': { env: RC },
  'variables beside a file': { files: one, env: RC },
  'variables with a region': { env: { ...RC, OS_REGION_NAME: 'rc-region' } },
  'only selectors do not make a cloud': { files: one, env: { OS_REGION_NAME: 'file-region' } },
  'OS_CLOUD and variables: those of users and secrets beat the file, scopes do not': {
    files: one,
    env: { ...RC, OS_CLOUD: 'a' },
  },
  'OS_CLOUD and variables, for a library': { files: one, env: { ...RC, OS_CLOUD: 'a' }, as: 'library' },
  'a cloud named to a library': { files: one, env: RC, as: 'library', kwargs: { cloud: 'a' } },
  'variables for a library': { env: RC, as: 'library' },
  'variables under another name': { env: { ...RC, OS_CLOUD_NAME: 'mine' } },
  'a cloud of the file with the name of the variables': {
    files: { [`${HOME}/clouds.yaml`]: clouds(cloud('envvars')) },
    ours: {
      why: 'the sentence is ours',
      result: {
        error:
          'ROOT/home/.config/openstack/clouds.yaml has a cloud named envvars, which is the name of the one that OS_* variables describe. Give that one another name with OS_CLOUD_NAME.',
      },
    },
  },
  'variables of test suites': { files: one, env: { OS_TEST_PATH: '/x', OS_LOG_CAPTURE: '1', OS_STDOUT_CAPTURE: '1' } },
  'empty variables': { files: one, env: { OS_CLOUD: 'a', OS_USERNAME: '', OS_PASSWORD: '' } },

  // Which file
  'the working directory before the home': {
    files: { 'work/clouds.yaml': clouds(cloud('w')), [`${HOME}/clouds.yaml`]: clouds(cloud('a')) },
  },
  XDG_CONFIG_HOME: {
    files: { 'xdg/openstack/clouds.yaml': clouds(cloud('x')), [`${HOME}/clouds.yaml`]: clouds(cloud('a')) },
    env: { XDG_CONFIG_HOME: 'ROOT/xdg' },
  },
  'the home behind XDG_CONFIG_HOME': { files: one, env: { XDG_CONFIG_HOME: 'ROOT/xdg' } },
  XDG_CONFIG_DIRS: { files: { 'etc/openstack/clouds.yaml': clouds(cloud('x')) }, env: { XDG_CONFIG_DIRS: 'ROOT/etc' } },
  OS_CLIENT_CONFIG_FILE: {
    files: { ...one, 'elsewhere.yaml': clouds(cloud('e')) },
    env: { OS_CLIENT_CONFIG_FILE: 'ROOT/elsewhere.yaml' },
  },
  'OS_CLIENT_CONFIG_FILE that is not there': { files: one, env: { OS_CLIENT_CONFIG_FILE: 'ROOT/missing.yaml' } },
  'clouds.yml': { files: { [`${HOME}/clouds.yml`]: clouds(cloud('a')) } },
  'clouds.json': {
    files: {
      [`${HOME}/clouds.json`]: JSON.stringify({
        clouds: {
          a: { auth: { auth_url: 'http://k/v3', username: 'u', password: 'p', project_id: 123 }, verify: false },
        },
      }),
    },
  },
  'clouds.yaml before clouds.json': {
    files: { [`${HOME}/clouds.json`]: '{"clouds":{"j":{}}}', [`${HOME}/clouds.yaml`]: clouds(cloud('a')) },
  },
  'secure.yaml': {
    files: {
      [`${HOME}/clouds.yaml`]: clouds(cloud('a')),
      [`${HOME}/secure.yaml`]: 'clouds:\n  a:\n    auth:\n      password: secret\n    interface: internal\n',
    },
  },
  'secure.yaml in another folder': {
    files: { ...one, 'work/secure.yaml': 'clouds:\n  a:\n    auth:\n      password: secret\n' },
  },
  OS_CLIENT_SECURE_FILE: {
    files: { ...one, 's.yaml': 'clouds:\n  a:\n    auth:\n      password: secret\n' },
    env: { OS_CLIENT_SECURE_FILE: 'ROOT/s.yaml' },
  },
  'secure.yaml with a region': {
    files: {
      [`${HOME}/clouds.yaml`]: clouds(cloud('a')),
      [`${HOME}/secure.yaml`]: 'clouds:\n  a:\n    region_name: s\n',
    },
  },
  'an empty clouds.yaml': {
    files: { [`${HOME}/clouds.yaml`]: '' },
    env: RC,
  },
  'broken YAML': {
    files: { 'work/clouds.yaml': 'clouds: [', [`${HOME}/clouds.yaml`]: clouds(cloud('a')) },
    ours: {
      why: 'the file is skipped with a warning, as one that cannot be read is',
      result: {
        name: 'a',
        region: 'file-region',
        type: 'password',
        auth: {
          auth_url: 'http://keystone/v3',
          password: 'file-password',
          project_domain_name: 'file-domain',
          project_name: 'file-project',
          user_domain_name: 'file-domain',
          username: 'file-user',
        },
        interface: 'public',
        verify: true,
        cert: null,
        timeout: null,
        endpoint: null,
      },
    },
  },
  anchors: {
    files: {
      [`${HOME}/clouds.yaml`]:
        'x: &x\n  auth_url: http://k/v3\n  username: u\nclouds:\n  a:\n    auth:\n      <<: *x\n      password: p\n      project_name: y\n',
    },
  },

  // Profiles
  'a profile of clouds-public.yaml': {
    files: {
      [`${HOME}/clouds.yaml`]: clouds(
        '  a:\n    profile: p\n    auth:\n      username: u\n      password: p\n      project_name: x\n',
      ),
      [`${HOME}/clouds-public.yaml`]:
        'public-clouds:\n  p:\n    auth:\n      auth_url: http://public/v3\n      user_domain_name: pd\n    regions:\n    - one\n    - two\n    interface: admin\n',
    },
  },
  'a profile by its old name': {
    files: {
      [`${HOME}/clouds.yaml`]: clouds(
        '  a:\n    cloud: p\n    auth:\n      username: u\n      password: p\n      project_name: x\n',
      ),
      [`${HOME}/clouds-public.yaml`]:
        'public-clouds:\n  p:\n    auth:\n      auth_url: http://public/v3\n    region_name: one\n',
    },
  },
  'a profile beaten by the cloud': {
    files: {
      [`${HOME}/clouds.yaml`]: clouds(cloud('a', '    profile: p\n    interface: internal\n')),
      [`${HOME}/clouds-public.yaml`]:
        'public-clouds:\n  p:\n    auth:\n      auth_url: http://public/v3\n    interface: admin\n    verify: false\n',
    },
  },
  'a profile that is not there': {
    files: { [`${HOME}/clouds.yaml`]: clouds(cloud('a', '    profile: nowhere\n')) },
  },

  // Regions
  'regions: the first is the usual one': {
    files: plain(
      'auth_url: http://k/v3\nusername: u\npassword: p\nproject_name: x',
      '    regions:\n    - one\n    - two\n',
    ),
  },
  'regions: by flag': {
    files: plain(
      'auth_url: http://k/v3\nusername: u\npassword: p\nproject_name: x',
      '    regions:\n    - one\n    - two\n',
    ),
    argv: ['--os-region-name', 'two'],
  },
  'regions: by variable': {
    files: plain(
      'auth_url: http://k/v3\nusername: u\npassword: p\nproject_name: x',
      '    regions:\n    - one\n    - two\n',
    ),
    env: { OS_CLOUD: 'a', OS_REGION_NAME: 'two' },
  },
  'regions: by keyword': {
    files: plain(
      'auth_url: http://k/v3\nusername: u\npassword: p\nproject_name: x',
      '    regions:\n    - one\n    - two\n',
    ),
    as: 'library',
    kwargs: { cloud: 'a', region_name: 'two' },
  },
  'regions: a wrong one': {
    files: plain(
      'auth_url: http://k/v3\nusername: u\npassword: p\nproject_name: x',
      '    regions:\n    - one\n    - two\n',
    ),
    argv: ['--os-region-name', 'TWO'],
    ours: {
      why: 'the sentence is ours',
      result: {
        error:
          'Region TWO is not a valid region name for cloud a. Valid choices are one,two. Names of regions are case sensitive.',
      },
    },
  },
  'regions with values': {
    files: plain(
      'auth_url: http://k/v3\nusername: u\npassword: p\nproject_name: x',
      '    interface: admin\n    regions:\n    - name: one\n      values:\n        interface: internal\n        auth:\n          auth_url: http://one/v3\n        load_balancer_endpoint_override: http://lb-one\n    - name: two\n',
    ),
  },
  'regions with values, the other one': {
    files: plain(
      'auth_url: http://k/v3\nusername: u\npassword: p\nproject_name: x',
      '    interface: admin\n    regions:\n    - name: one\n      values:\n        interface: internal\n    - name: two\n',
    ),
    argv: ['--os-region-name', 'two'],
  },
  'region_name with commas': {
    files: plain('auth_url: http://k/v3\nusername: u\npassword: p\nproject_name: x', '    region_name: one,two\n'),
    argv: ['--os-region-name', 'two'],
  },
  'a region that is a number': {
    files: plain('auth_url: http://k/v3\nusername: u\npassword: p\nproject_name: x', '    regions:\n    - name: "1"\n'),
  },
  'a region of the environment beside its own cloud': {
    env: { ...RC, OS_REGION_NAME: 'one' },
    argv: ['--os-region-name', 'two'],
    ours: {
      why: 'the command says that two is no region of envvars: a flag beats a variable',
      result: {
        name: 'envvars',
        region: 'two',
        type: 'password',
        auth: {
          auth_url: 'http://rc/v3',
          username: 'rc-user',
          password: 'rc-password',
          project_name: 'rc-project',
          user_domain_name: 'rc-domain',
          project_domain_name: 'rc-domain',
        },
        interface: 'public',
        verify: true,
        cert: null,
        timeout: null,
        endpoint: null,
      },
    },
  },

  // Names and forms of values
  'dashes for underscores': {
    files: {
      [`${HOME}/clouds.yaml`]:
        'clouds:\n  a:\n    auth:\n      auth_url: http://k/v3\n      username: u\n      password: p\n      project-name: x\n      user-domain-name: d\n    api-timeout: 7\n',
    },
  },
  'numbers become text': { files: plain('auth_url: http://k/v3\nusername: 7\npassword: 99\nproject_id: 123') },
  'an id with an e in it': { files: plain('auth_url: http://k/v3\nusername: u\npassword: 1e5\nproject_id: 12e34') },
  'a number with a leading zero': {
    files: plain('auth_url: http://k/v3\nusername: u\npassword: 0123\nproject_id: 089'),
    ours: {
      why: 'YAML 1.1 reads 0123 as 83; what is written is what is meant',
      result: { auth: { auth_url: 'http://k/v3', username: 'u', password: '0123', project_id: '089' } },
    },
  },
  'a number with a point': {
    files: plain('auth_url: http://k/v3\nusername: u\npassword: 1.50\nproject_id: x'),
    ours: {
      why: 'the original sends 1.5',
      result: { auth: { auth_url: 'http://k/v3', username: 'u', password: '1.50', project_id: 'x' } },
    },
  },
  'a long number': {
    files: plain('auth_url: http://k/v3\nusername: u\npassword: p\nproject_id: 123456789012345678901234567890'),
  },
  'tenant names': { files: plain('auth_url: http://k/v3\nusername: u\npassword: p\ntenant_name: t') },
  'tenant and project names': {
    files: plain('auth_url: http://k/v3\nusername: u\npassword: p\ntenant_id: t\nproject_id: x'),
  },
  'tenant variables': {
    env: { OS_AUTH_URL: 'http://rc/v3', OS_USERNAME: 'u', OS_PASSWORD: 'p', OS_TENANT_NAME: 't' },
  },
  'tenant flags': {
    env: { OS_AUTH_URL: 'http://rc/v3', OS_USERNAME: 'u', OS_PASSWORD: 'p' },
    argv: ['--os-project-name', 't'],
  },
  auth_plugin: {
    files: plain('auth_url: http://k/v3\nusername: u\npassword: p\nproject_name: x', '    auth_plugin: v3password\n'),
    ours: {
      why: 'the default beats the old name there, so it has no effect',
      result: { type: 'v3password' },
    },
  },
  endpoint_type: {
    files: plain('auth_url: http://k/v3\nusername: u\npassword: p\nproject_name: x', '    endpoint_type: internal\n'),
  },
  'an interface of version 2': {
    files: plain('auth_url: http://k/v3\nusername: u\npassword: p\nproject_name: x', '    interface: internalURL\n'),
    ours: { why: 'it is the same', result: { interface: 'internal' } },
  },
  'values outside of auth': {
    files: {
      [`${HOME}/clouds.yaml`]:
        'clouds:\n  a:\n    auth:\n      auth_url: http://k/v3\n    username: u\n    password: p\n    project_name: x\n',
    },
  },
  'values outside and inside of auth': {
    files: plain(
      'auth_url: http://k/v3\nusername: in\npassword: in\nproject_name: in',
      '    username: out\n    password: out\n    project_name: out\n',
    ),
  },
  'values outside and inside of auth, for a library': {
    files: plain(
      'auth_url: http://k/v3\nusername: in\npassword: in\nproject_name: in',
      '    username: out\n    password: out\n    project_name: out\n',
    ),
    as: 'library',
    kwargs: { cloud: 'a' },
  },
  'a domain for user and project': {
    files: plain('auth_url: http://k/v3\nusername: u\npassword: p\nproject_name: x\ndomain_name: d'),
  },
  'a domain outside of auth': {
    files: plain('auth_url: http://k/v3\nusername: u\npassword: p\nproject_name: x', '    domain_id: d\n'),
  },
  'a domain without project is the scope': {
    files: plain('auth_url: http://k/v3\nusername: u\npassword: p\nuser_domain_name: ud\ndomain_name: d'),
  },
  'a domain beside the one of the user': {
    files: plain('auth_url: http://k/v3\nusername: u\npassword: p\nproject_name: x\ndomain_id: d\nuser_domain_id: ud'),
  },
  'the default domain with version 3': {
    env: {
      OS_AUTH_URL: 'http://rc/v3',
      OS_USERNAME: 'u',
      OS_PASSWORD: 'p',
      OS_PROJECT_NAME: 'x',
      OS_IDENTITY_API_VERSION: '3',
    },
  },
  'another default domain': {
    files: plain('auth_url: http://k/v3\nusername: u\npassword: p\nproject_name: x', '    identity_api_version: 3\n'),
    env: { OS_CLOUD: 'a', OS_DEFAULT_DOMAIN: 'dd' },
  },
  'the default domain where the file has one': {
    files: one,
    env: { OS_CLOUD: 'a', OS_IDENTITY_API_VERSION: '3' },
  },
  'no default domain without version 3': {
    env: { OS_AUTH_URL: 'http://rc/v3', OS_USERNAME: 'u', OS_PASSWORD: 'p', OS_PROJECT_NAME: 'x' },
  },
  'no default domain for a library': {
    env: {
      OS_AUTH_URL: 'http://rc/v3',
      OS_USERNAME: 'u',
      OS_PASSWORD: 'p',
      OS_PROJECT_NAME: 'x',
      OS_IDENTITY_API_VERSION: '3',
    },
    as: 'library',
  },
  'a placeholder in auth_url': {
    files: plain(
      'auth_url: http://{region_name}.k/v3\nusername: u\npassword: p\nproject_name: x',
      '    region_name: one\n',
    ),
  },
  'braces in a password': {
    files: plain('auth_url: http://k/v3\nusername: u\npassword: a{b}c\nproject_name: x'),
  },
  'a timeout': {
    files: plain('auth_url: http://k/v3\nusername: u\npassword: p\nproject_name: x', '    api_timeout: 12\n'),
  },
  'a timeout of a service': {
    files: plain('auth_url: http://k/v3\nusername: u\npassword: p\nproject_name: x', '    nova_timeout: 12\n'),
  },

  // Flags
  'flags beat the file': {
    files: one,
    argv: [
      '--os-username',
      'flag',
      '--os-password',
      'secret',
      '--os-auth-url',
      'http://flag/v3',
      '--os-interface',
      'admin',
    ],
  },
  'flags of the scope beat the file': {
    files: one,
    argv: ['--os-project-name', 'flag', '--os-project-domain-name', 'flag'],
    ours: {
      why: 'there the file wins, which nobody means who writes the flag',
      result: {
        auth: {
          auth_url: 'http://keystone/v3',
          password: 'file-password',
          project_domain_name: 'flag',
          project_name: 'flag',
          user_domain_name: 'file-domain',
          username: 'file-user',
        },
      },
    },
  },
  'flags beat variables': { env: RC, argv: ['--os-username', 'flag', '--os-project-name', 'flag'] },

  // TLS
  'cacert, cert and key': {
    files: {
      [`${HOME}/clouds.yaml`]: clouds(cloud('a', '    cacert: ~/ca.pem\n    cert: /c.pem\n    key: ~/k.pem\n')),
    },
  },
  'cert alone': { files: { [`${HOME}/clouds.yaml`]: clouds(cloud('a', '    cert: /c.pem\n')) } },
  'verify: false': { files: { [`${HOME}/clouds.yaml`]: clouds(cloud('a', '    verify: false\n')) } },
  'verify: no': { files: { [`${HOME}/clouds.yaml`]: clouds(cloud('a', '    verify: no\n')) } },
  'verify: false beside cacert': {
    files: { [`${HOME}/clouds.yaml`]: clouds(cloud('a', '    verify: false\n    cacert: /ca.pem\n')) },
  },
  'insecure beats verify': {
    files: { [`${HOME}/clouds.yaml`]: clouds(cloud('a', '    insecure: true\n    verify: true\n')) },
  },
  'insecure: "true"': { files: { [`${HOME}/clouds.yaml`]: clouds(cloud('a', '    insecure: "true"\n')) } },
  'verify: "false"': {
    files: { [`${HOME}/clouds.yaml`]: clouds(cloud('a', '    verify: "false"\n')) },
    ours: { why: 'the original takes the text for the path of a file', result: { verify: false } },
  },
  '--insecure': { files: one, argv: ['--insecure'] },
  '--verify against the file': {
    files: { [`${HOME}/clouds.yaml`]: clouds(cloud('a', '    verify: false\n')) },
    argv: ['--verify'],
  },
  'variables of TLS': { files: one, env: { OS_CLOUD: 'a', OS_CACERT: '/ca.pem', OS_CERT: '/c.pem', OS_KEY: '/k.pem' } },

  // Types
  'v3applicationcredential by id': {
    files: plain(
      'auth_url: http://k/v3\napplication_credential_id: i\napplication_credential_secret: s',
      '    auth_type: v3applicationcredential\n',
    ),
  },
  'v3applicationcredential by name': {
    files: plain(
      'auth_url: http://k/v3\napplication_credential_name: n\napplication_credential_secret: s\nusername: u\nuser_domain_name: d',
      '    auth_type: v3applicationcredential\n',
    ),
  },
  'v3applicationcredential of variables': {
    env: {
      OS_AUTH_TYPE: 'v3applicationcredential',
      OS_AUTH_URL: 'http://rc/v3',
      OS_APPLICATION_CREDENTIAL_ID: 'i',
      OS_APPLICATION_CREDENTIAL_SECRET: 's',
      OS_REGION_NAME: 'r',
    },
  },
  'an application credential without a type': {
    env: { OS_AUTH_URL: 'http://rc/v3', OS_APPLICATION_CREDENTIAL_ID: 'i', OS_APPLICATION_CREDENTIAL_SECRET: 's' },
    ours: {
      why: 'what is given tells the type; there it fails for want of a user',
      result: {
        type: 'v3applicationcredential',
        auth: {
          auth_url: 'http://rc/v3',
          application_credential_id: 'i',
          application_credential_secret: 's',
        },
      },
    },
  },
  'token of variables': {
    env: { OS_AUTH_TYPE: 'token', OS_AUTH_URL: 'http://rc/v3', OS_TOKEN: 't', OS_PROJECT_ID: 'x' },
  },
  'a token without a type': {
    env: { OS_AUTH_URL: 'http://rc/v3', OS_TOKEN: 't' },
    ours: {
      why: 'what is given tells the type; there it fails for want of a user',
      result: { type: 'token', auth: { auth_url: 'http://rc/v3', token: 't' } },
    },
  },
  'token in the file': { files: plain('auth_url: http://k/v3\ntoken: t\nproject_name: x', '    auth_type: v3token\n') },
  'a token and an endpoint': { argv: ['--os-endpoint', 'http://lb', '--os-token', 't'] },
  none: { files: plain('endpoint: http://lb', '    auth_type: none\n') },
  'none of flags': { argv: ['--os-auth-type', 'none', '--os-endpoint', 'http://lb'] },
  http_basic: { files: plain('endpoint: http://lb\nusername: u\npassword: p', '    auth_type: http_basic\n') },
  v3totp: {
    files: plain(
      'auth_url: http://k/v3\nusername: u\nuser_domain_name: d\nproject_name: x\nproject_domain_name: d',
      '    auth_type: v3totp\n',
    ),
    argv: ['--os-passcode', '123456'],
  },
  v3multifactor: {
    files: plain(
      'auth_url: http://k/v3\nusername: u\nuser_domain_name: d\npassword: p\npasscode: "123456"\nproject_name: x\nproject_domain_name: d\nauth_methods:\n- v3password\n- v3totp',
      '    auth_type: v3multifactor\n',
    ),
    as: 'library',
    kwargs: { cloud: 'a' },
    ours: {
      why: 'a list is kept as text with commas',
      result: {
        auth: {
          auth_methods: 'v3password,v3totp',
          auth_url: 'http://k/v3',
          passcode: '123456',
          password: 'p',
          project_domain_name: 'd',
          project_name: 'x',
          user_domain_name: 'd',
          username: 'u',
        },
      },
    },
  },
  'the whole system': {
    files: plain('auth_url: http://k/v3\nusername: u\npassword: p\nuser_domain_name: d\nsystem_scope: all'),
  },
  'a trust': { files: plain('auth_url: http://k/v3\nusername: u\npassword: p\nuser_domain_name: d\ntrust_id: t') },

  // Endpoints
  'an endpoint of the file': {
    files: { [`${HOME}/clouds.yaml`]: clouds(cloud('a', '    load_balancer_endpoint_override: http://lb:9876\n')) },
  },
  'an endpoint of the file by its other name': {
    files: { [`${HOME}/clouds.yaml`]: clouds(cloud('a', '    load_balancer_endpoint: http://lb:9876\n')) },
  },
  'an endpoint of the variables': { env: { ...RC, OS_LOAD_BALANCER_ENDPOINT_OVERRIDE: 'http://lb:9876' } },
  'an endpoint of the variables beside a file': {
    files: one,
    env: { OS_CLOUD: 'a', OS_LOAD_BALANCER_ENDPOINT_OVERRIDE: 'http://lb:9876' },
    ours: { why: 'there it counts only for the cloud of the variables', result: { endpoint: 'http://lb:9876' } },
  },
};
