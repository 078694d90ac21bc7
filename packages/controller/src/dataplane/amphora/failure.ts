/** Sorts what can go wrong on the way to an agent: what passes by itself, and what only an operator can mend. */

/** Nobody answered (yet), or the connection broke. All requests are idempotent, so each may be tried again. */
const PASSING_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_SOCKET',
]);

export interface ConnectionFailure {
  passing: boolean;
  /** For the operator. */
  detail: string;
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

export function connectionFailure(error: unknown): ConnectionFailure {
  if (error instanceof Error && error.name === 'TimeoutError') return { passing: true, detail: 'no answer in time' };
  const code = codeOf(error);
  const text = error instanceof Error ? error.message : String(error);
  const detail = code === null || text.includes(code) ? text : `${text} (${code})`;
  return { passing: code !== null && PASSING_CODES.has(code), detail };
}

export interface AgentAnswer {
  status: number;
  /** Parsed JSON; undefined when the body is none. */
  json: unknown;
  text: string;
}

const NO_INTERFACE = 'No suitable network interface found';

/**
 * True for answers that a booting amphora gives before it is complete: a 404 that is not the agent's own, an interface
 * that the hypervisor has not plugged yet, a topology change that is under way.
 */
export function isNotReadyYet(answer: AgentAnswer): boolean {
  if (answer.status === 503) return true;
  return answer.status === 404 && (answer.json === undefined || answer.text.includes(NO_INTERFACE));
}

/** The agent's own words, as far as they fit into a message. */
export function answerDetail(answer: AgentAnswer): string {
  const { json } = answer;
  if (typeof json !== 'object' || json === null) return answer.text.slice(0, 2000);
  const parts = ['message', 'details', 'error'].map((key) => (json as Record<string, unknown>)[key]);
  const words = parts.filter((part): part is string => typeof part === 'string');
  return (words.length > 0 ? words.join(': ') : answer.text).slice(0, 2000);
}
