/** Refusals in the words of python-octaviaclient: `faultstring`, else `description`, else the name of the status. */
import type { HttpAnswer, Send } from '@octavia/client';

const NAMES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  409: 'Conflict',
  413: 'Over Limit',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};

function sentenceOf({ status, body }: HttpAnswer): string {
  try {
    const parsed = Object(JSON.parse(body)) as Record<string, unknown>;
    const sentence = parsed.faultstring ?? parsed.description ?? Object(parsed.error).message;
    if (typeof sentence === 'string' && sentence !== '') return sentence;
  } catch {
    // A page of a proxy in between: nobody reads that at a prompt.
  }
  return NAMES[status] ?? 'Unknown Error';
}

export const named =
  (send: Send): Send =>
  async (request) => {
    const answer = await send(request);
    if (answer.status < 400) return answer;
    return { ...answer, body: JSON.stringify({ faultstring: sentenceOf(answer) }) };
  };
