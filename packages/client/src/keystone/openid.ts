/** Access tokens of OpenID providers, which Keystone exchanges for its own. */
import type { Api } from '../api.ts';
import { AnswerError, ApiError } from '../errors.ts';
import { pause } from '../pause.ts';
import type { Federated } from './auth-types.ts';

/** What a person has to do for a login that is confirmed in a browser. */
export interface Invitation {
  /** To be opened. */
  url: string;
  /** To be typed in there. */
  code: string;
  /** The same with the code in it, where the provider has one. */
  completeUrl: string | null;
  /** Until it is too late. */
  expiresInSeconds: number;
}

/** Of a provider that does not say how often it wants to be asked (RFC 8628, section 3.2). */
const USUAL_INTERVAL_S = 5;

/** Below version 3. */
export const exchangePath = ({ identityProvider, protocol }: Federated): string =>
  `/OS-FEDERATION/identity_providers/${encodeURIComponent(identityProvider)}/protocols/${encodeURIComponent(protocol)}/auth`;

/** @throws ApiError of the provider, AnswerError, UnreachableError */
export async function accessTokenOf(
  how: Federated,
  at: (url: string) => Api,
  invite: (invitation: Invitation) => void = () => undefined,
): Promise<string> {
  const isComplete = how.tokenEndpoint !== null && how.deviceEndpoint !== '';
  const discovery = Object(isComplete ? null : await at(how.discoveryEndpoint ?? '').request('GET', '')) as Texts;
  const endpoint = (given: string | null, name: string): string => {
    const url = given || discovery[name];
    if (!url) throw new AnswerError(`${how.discoveryEndpoint} names no ${name}.`);
    return url;
  };
  const post = async (url: string, words: Texts): Promise<Texts> =>
    Object(await at(url).request('POST', '', asClient(how, words))) as Texts;

  const tokenUrl = endpoint(how.tokenEndpoint, 'token_endpoint');
  const ask = (words: Texts): Promise<Texts> => post(tokenUrl, words);
  let answer: Texts;
  if (how.deviceEndpoint === null) answer = await ask({ ...how.grant });
  else {
    const codeUrl = endpoint(how.deviceEndpoint, 'device_authorization_endpoint');
    answer = await confirmed(how, ask, await post(codeUrl, { scope: how.grant?.scope ?? '' }), invite);
  }
  const token = answer[how.tokenType];
  if (typeof token !== 'string') throw new AnswerError(`${tokenUrl} answered without ${how.tokenType}.`);
  return token;
}

type Texts = Record<string, string>;

/** Who asks: by the secret where there is one. */
function asClient({ clientId, clientSecret }: Federated, words: Texts): { form: URLSearchParams; headers: Texts } {
  if (clientSecret === null) return { form: new URLSearchParams({ ...words, client_id: clientId ?? '' }), headers: {} };
  const credentials = btoa(`${clientId}:${clientSecret}`);
  return { form: new URLSearchParams(words), headers: { authorization: `Basic ${credentials}` } };
}

/** Asks until the person has confirmed the code. */
async function confirmed(
  how: Federated,
  ask: (words: Texts) => Promise<Texts>,
  code: Texts,
  invite: (invitation: Invitation) => void,
): Promise<Texts> {
  const expiresInSeconds = Number(code.expires_in);
  invite({
    url: code.verification_uri ?? '',
    code: code.user_code ?? '',
    completeUrl: code.verification_uri_complete ?? null,
    expiresInSeconds,
  });
  const until = Date.now() + expiresInSeconds * 1000;
  let seconds = Number(code.interval ?? USUAL_INTERVAL_S);
  while (Date.now() < until) {
    await pause(seconds * 1000);
    try {
      return await ask({ grant_type: how.grant?.grant_type ?? '', device_code: code.device_code ?? '' });
    } catch (error) {
      const reason = error instanceof ApiError && error.status === 400 ? error.code : null;
      if (reason === 'slow_down') seconds += USUAL_INTERVAL_S;
      else if (reason !== 'authorization_pending') throw error;
    }
  }
  throw new AnswerError('The login was not confirmed in time.');
}
