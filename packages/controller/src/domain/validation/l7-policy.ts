/** Which target an L7 policy has: the arguments of a request made consistent (API contract §12.1). */
import { OctaviaError } from '../../errors.ts';
import type { L7Policy, L7PolicyAction, RedirectHttpCode, Resource } from '../resources.ts';

export type L7PolicyFields = Omit<
  L7Policy,
  Exclude<keyof Resource, 'name' | 'adminStateUp' | 'tags'> | 'listenerId' | 'position'
>;

type Target = 'redirectUrl' | 'redirectPrefix' | 'redirectPoolId';
type Targets = Pick<L7PolicyFields, Target>;
type Given = { [T in Target]?: string | null | undefined };

/** What a request may change; null in `action` is never a meaning. */
export type L7PolicyChange = Partial<Omit<L7PolicyFields, 'action'>> & {
  action?: L7PolicyAction | null;
  position?: number;
};

const DEFAULT_CODE: RedirectHttpCode = 302;

const TARGET_OF: Record<L7PolicyAction, Target | null> = {
  REJECT: null,
  REDIRECT_TO_URL: 'redirectUrl',
  REDIRECT_PREFIX: 'redirectPrefix',
  REDIRECT_TO_POOL: 'redirectPoolId',
};

const MISSING: Record<Target, string> = {
  redirectUrl: 'redirect_url must not be None',
  redirectPrefix: 'redirect_prefix must not be None',
  redirectPoolId: 'redirect_pool_id or redirect_pool must not be None',
};

const invalidArguments = (detail: string) => new OctaviaError('INVALID_L7POLICY_ARGUMENTS', { detail });

const isGiven = (value: string | null | undefined): value is string => value !== null && value !== undefined;

function refusePoolWithAddress(targets: Given): void {
  if (isGiven(targets.redirectPoolId) && (isGiven(targets.redirectUrl) || isGiven(targets.redirectPrefix))) {
    throw invalidArguments('Cannot specify redirect_pool_id and redirect_url or redirect_prefix at the same time');
  }
}

/** The target of the action alone; what does not belong to it is dropped. */
function onlyTarget(action: L7PolicyAction, targets: Given): Targets {
  const none: Targets = { redirectUrl: null, redirectPrefix: null, redirectPoolId: null };
  const target = TARGET_OF[action];
  if (target === null) return none;
  const value = targets[target];
  if (!isGiven(value)) throw invalidArguments(MISSING[target]);
  return { ...none, [target]: value };
}

const isRedirect = (action: L7PolicyAction): boolean => action === 'REDIRECT_TO_URL' || action === 'REDIRECT_PREFIX';

/** A policy as it will be stored. @throws OctaviaError INVALID_L7POLICY_ARGUMENTS */
export function settleL7Policy(fields: L7PolicyFields): L7PolicyFields {
  const { action, redirectHttpCode } = fields;
  const { redirectPoolId, redirectPrefix } = fields;
  if (action !== 'REJECT') refusePoolWithAddress({ redirectPoolId, redirectPrefix });
  const code = action === 'REDIRECT_TO_POOL' ? null : redirectHttpCode;
  return {
    ...fields,
    ...onlyTarget(action, fields),
    redirectHttpCode: code ?? (isRedirect(action) ? DEFAULT_CODE : null),
  };
}

/** The action that a target given without one stands for; the present action when it has the choice. */
function impliedAction(current: L7PolicyAction, targets: Given): L7PolicyAction {
  const own = TARGET_OF[current];
  if (own !== null && isGiven(targets[own])) return current;
  const actions: L7PolicyAction[] = ['REDIRECT_TO_URL', 'REDIRECT_PREFIX', 'REDIRECT_TO_POOL'];
  return actions.find((action) => isGiven(targets[TARGET_OF[action]!])) ?? current;
}

/**
 * The fields to write for a change, position aside. A target given alone switches the action; an action given needs its
 * target in the same request.
 * @throws OctaviaError INVALID_L7POLICY_ARGUMENTS, INVALID_L7POLICY_ACTION
 */
export function settleL7PolicyChange(current: L7Policy, change: L7PolicyChange): Partial<L7PolicyFields> {
  const { position: _placed, action: asked, redirectUrl, redirectPrefix, redirectPoolId, ...rest } = change;
  if (Object.keys(change).length === 0) throw invalidArguments('Invalid update options');
  if (asked === null) throw new OctaviaError('INVALID_L7POLICY_ACTION', { action: 'None' });
  const given = { redirectUrl, redirectPrefix, redirectPoolId };
  if (asked === undefined) refusePoolWithAddress(given);
  else if (asked !== 'REJECT') refusePoolWithAddress({ redirectPoolId, redirectPrefix });
  const action = asked ?? impliedAction(current.action, given);
  const target = TARGET_OF[action];
  // Without a word about the target the stored one stays, but only where the action stays by itself too.
  const stored = asked === undefined && action === current.action;
  const value = target === null ? null : given[target] === undefined && stored ? current[target] : given[target];
  const targets = onlyTarget(action, target === null ? {} : { [target]: value });
  // Becoming REJECT forgets what other actions left; a code that comes along is kept, as it is at creation.
  const former = asked === 'REJECT' ? null : current.redirectHttpCode;
  return {
    ...rest,
    action,
    ...targets,
    ...changedCode({ ...current, redirectHttpCode: former }, action, rest.redirectHttpCode),
  };
}

function changedCode(
  current: L7Policy,
  action: L7PolicyAction,
  given: RedirectHttpCode | null | undefined,
): Pick<L7PolicyFields, 'redirectHttpCode'> {
  if (action === 'REDIRECT_TO_POOL') return { redirectHttpCode: null };
  if (given !== undefined) return { redirectHttpCode: given };
  const becomesRedirect = isRedirect(action) && !isRedirect(current.action);
  return { redirectHttpCode: current.redirectHttpCode ?? (becomesRedirect ? DEFAULT_CODE : null) };
}
