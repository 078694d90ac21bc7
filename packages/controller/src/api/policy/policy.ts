/** Who may do what: the rules in force, and the questions the API asks them. */
import type { Log } from '@octavia/protocol/log';
import type { Identity } from '../../clouds/identity/interface.ts';
import { OctaviaError } from '../../errors.ts';
import type { Caller } from '../caller.ts';
import type { Credentials } from './evaluate.ts';
import { PolicyFile } from './policy-file.ts';
import { buildRules, type RuleSet } from './rule-set.ts';
import { API_PREFIX, type ApiRule, POLICY_RULES, type Scope } from './rules.ts';

export interface PolicyOptions {
  /** `[oslo_policy]` */
  settings: { policy_file: string; enforce_scope: boolean; enforce_new_defaults: boolean };
  /** `auth_strategy = noauth`: everybody is an administrator. */
  everybodyIsAdmin: boolean;
  log: Log;
  now(): Date;
}

/** A changed file takes effect after this many milliseconds at the latest; looking costs some 5 µs. */
const LOOK_AGAIN_MS = 1000;

const SCOPES = new Map(POLICY_RULES.map(({ name, scopes }) => [name, scopes]));

const scopeOf = ({ systemScope, domainId }: Caller): Scope =>
  systemScope !== null ? 'system' : domainId !== null ? 'domain' : 'project';

const credentialsOf = (caller: Caller): Credentials => ({
  roles: caller.roles,
  is_admin: caller.isAdmin,
  user_id: caller.userId,
  project_id: caller.projectId,
  tenant_id: caller.projectId,
  domain_id: caller.domainId,
  user_domain_id: caller.userDomainId,
  project_domain_id: caller.projectDomainId,
  system_scope: caller.systemScope,
  service_roles: caller.serviceRoles,
});

export class Policy {
  readonly #options: PolicyOptions;
  readonly #file: PolicyFile;
  #rules: RuleSet;
  #lookAgain = 0;
  /** One identity serves many requests while its token is cached. */
  #callers = new WeakMap<Identity, Caller>();
  readonly #credentials = new WeakMap<Caller, Credentials>();

  /** @throws OctaviaError BAD_POLICY_FILE when the policy file is wrong */
  constructor(options: PolicyOptions) {
    this.#options = options;
    this.#file = new PolicyFile(options.settings.policy_file);
    try {
      this.#rules = this.#build(this.#file.changed() ?? {});
    } catch (error) {
      const reason = (error as Error).message;
      throw new OctaviaError('BAD_POLICY_FILE', { file: this.#file.path, reason }, { cause: error });
    }
    this.#lookAgain = options.now().getTime() + LOOK_AGAIN_MS;
  }

  #build(overrides: Record<string, unknown>): RuleSet {
    const { settings, log } = this.#options;
    const rules = buildRules(overrides, { enforceNewDefaults: settings.enforce_new_defaults });
    for (const warning of rules.warnings) log.warn({ file: this.#file.path }, `Policy file: ${warning}`);
    return rules;
  }

  /** Takes over a changed policy file. A wrong one is logged, and the rules before it stay in force. */
  refresh(): void {
    const { now, log } = this.#options;
    const time = now().getTime();
    if (time < this.#lookAgain) return;
    this.#lookAgain = time + LOOK_AGAIN_MS;
    try {
      const overrides = this.#file.changed();
      if (overrides === undefined) return;
      this.#rules = this.#build(overrides);
      this.#callers = new WeakMap();
      log.info({ file: this.#file.path }, 'The policy file has changed: its rules are in force');
    } catch (error) {
      log.error({ file: this.#file.path, err: error }, 'The policy file is wrong: the rules before it stay in force');
    }
  }

  /** The caller with this identity; the same object as long as identity and rules are the same. */
  caller(identity: Identity): Caller {
    let caller = this.#callers.get(identity);
    if (caller === undefined) {
      const { everybodyIsAdmin } = this.#options;
      const nobody: Caller = { ...identity, isAdmin: false };
      const target = { project_id: identity.projectId, user_id: identity.userId };
      const isAdmin = everybodyIsAdmin || this.#decide('context_is_admin', nobody, credentialsOf(nobody), target);
      caller = { ...identity, isAdmin };
      this.#callers.set(identity, caller);
    }
    return caller;
  }

  #credentialsOf(caller: Caller): Credentials {
    let credentials = this.#credentials.get(caller);
    if (credentials === undefined) {
      credentials = credentialsOf(caller);
      this.#credentials.set(caller, credentials);
    }
    return credentials;
  }

  #decide(name: string, caller: Caller, credentials: Credentials, target: Record<string, string | null>): boolean {
    const scopes = SCOPES.get(name) ?? [];
    const { enforce_scope: enforceScope } = this.#options.settings;
    if (enforceScope && scopes.length > 0 && !scopes.includes(scopeOf(caller))) return false;
    return this.#rules.decision(name)?.(credentials, target) ?? false;
  }

  /** @param projectId of the object; null when it has none */
  allows(caller: Caller, rule: ApiRule, projectId: string | null): boolean {
    const target = { project_id: projectId, tenant_id: projectId };
    return this.#decide(API_PREFIX + rule, caller, this.#credentialsOf(caller), target);
  }
}
