/** `octavia policy`: what the commands of oslo.policy do, for this service's rules. */

import { readFileSync, writeFileSync } from 'node:fs';
import { SILENT_LOG } from '@octavia/protocol/log';
import { convertedPolicy, mergedPolicy, redundantRules } from '../api/policy/merged.ts';
import { PolicySyntaxError } from '../api/policy/parse.ts';
import { Policy } from '../api/policy/policy.ts';
import { PolicyFile, parsePolicyFile } from '../api/policy/policy-file.ts';
import { samplePolicy } from '../api/policy/reference.ts';
import { API_PREFIX, API_RULES, type ApiRule } from '../api/policy/rules.ts';
import { parseToken } from '../clouds/identity/keystone/token.ts';
import { type Config, loadConfig } from '../config/index.ts';
import { OctaviaError } from '../errors.ts';

type Settings = Config['oslo_policy'];

export interface PolicyCommandOptions {
  configFiles: string[];
  /** Standard output when left out. */
  outputFile?: string;
}

const settingsOf = ({ configFiles }: Pick<PolicyCommandOptions, 'configFiles'>): Settings =>
  loadConfig({ files: configFiles, env: process.env }).oslo_policy;

/** @throws OctaviaError BAD_POLICY_FILE */
function overridesOf({ policy_file }: Settings): Record<string, unknown> {
  const file = new PolicyFile(policy_file);
  return inFile(file.path, () => file.changed() ?? {});
}

function inFile<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const isPolicy = error instanceof PolicySyntaxError || (error as NodeJS.ErrnoException).code !== undefined;
    if (!isPolicy) throw error;
    throw new OctaviaError('BAD_POLICY_FILE', { file, reason: (error as Error).message }, { cause: error });
  }
}

function give(text: string, { outputFile }: Pick<PolicyCommandOptions, 'outputFile'>): void {
  if (outputFile === undefined) process.stdout.write(text);
  else inFile(outputFile, () => writeFileSync(outputFile, text));
}

export function writeSample(options: Pick<PolicyCommandOptions, 'outputFile'>): void {
  give(samplePolicy(), options);
}

export function writeMerged(options: PolicyCommandOptions): void {
  const settings = settingsOf(options);
  const overrides = overridesOf(settings);
  give(
    inFile(settings.policy_file, () => mergedPolicy(overrides, settings.enforce_new_defaults)),
    options,
  );
}

/** One line a rule. */
export function listRedundant(options: PolicyCommandOptions): string[] {
  const settings = settingsOf(options);
  const overrides = overridesOf(settings);
  return inFile(settings.policy_file, () => redundantRules(overrides, settings.enforce_new_defaults));
}

export function convert(policyFile: string, options: PolicyCommandOptions): void {
  const { enforce_new_defaults } = settingsOf(options);
  const text = inFile(policyFile, () =>
    convertedPolicy(parsePolicyFile(readFileSync(policyFile, 'utf8')), enforce_new_defaults),
  );
  give(text, options);
}

export interface CheckOptions extends PolicyCommandOptions {
  /** JSON file with a token as Keystone describes it. */
  access: string;
  /** Project of the object; the token's own when left out. */
  project?: string;
  /** With or without the prefix; every rule when left out. */
  rule?: string;
}

function json(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new OctaviaError('INPUT_UNREADABLE', { file, reason: (cause as Error).message }, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new OctaviaError('NOT_JSON', { file, reason: (cause as Error).message }, { cause });
  }
}

function rulesNamed(rule: string | undefined): ApiRule[] {
  const all = Object.keys(API_RULES) as ApiRule[];
  if (rule === undefined) return all;
  const short = rule.startsWith(API_PREFIX) ? rule.slice(API_PREFIX.length) : rule;
  const found = all.filter((name) => name === short);
  if (found.length > 0) return found;
  throw new OctaviaError('UNKNOWN_POLICY_RULE', { rule });
}

/** @returns `passed: <rule>` or `failed: <rule>` for each rule */
export function checkAccess(options: CheckOptions): string[] {
  const token = parseToken(json(options.access));
  if (token === null) {
    throw new OctaviaError('NOT_A_TOKEN', { file: options.access });
  }
  const log = { ...SILENT_LOG, warn: (_: object, text: string) => void process.stderr.write(`${text}\n`) };
  const policy = new Policy({ settings: settingsOf(options), everybodyIsAdmin: false, log, now: () => new Date() });
  const caller = policy.caller(token.identity);
  const project = options.project ?? token.identity.projectId;
  return rulesNamed(options.rule).map(
    (rule) => `${policy.allows(caller, rule, project) ? 'passed' : 'failed'}: ${API_PREFIX}${rule}`,
  );
}
