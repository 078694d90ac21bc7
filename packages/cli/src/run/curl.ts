/** `--curl`: the requests of a command as curl commands. */
import type { HttpRequest, Send } from '@octavia/client';
import { maskedBody, shellQuoted } from './wire.ts';

/** Requests to these are the command's own; all others belong to the login. */
const OWN = /^.*\/v2(\.\d+)?\/(lbaas|octavia|networks|subnets|ports|qos|security-groups)\b|\/v3\/projects\b/;
/** What the server and curl need not be told. */
const USUAL = new Set(['user-agent', 'accept']);
/** Secret header → what has to be set in the shell. */
const VARIABLES: Readonly<Record<string, string>> = { 'x-auth-token': 'OS_TOKEN', authorization: 'OS_AUTHORIZATION' };

/** Ends a command whose request was printed in place of being made. */
export class Printed extends Error {}

const headerText = (name: string): string => name.replaceAll(/(^|-)\w/g, (letter) => letter.toUpperCase());

function header([name, value]: [string, string]): string[] {
  const variable = VARIABLES[name];
  return USUAL.has(name)
    ? []
    : [
        '-H',
        variable === undefined ? shellQuoted(`${headerText(name)}: ${value}`) : `"${headerText(name)}: $${variable}"`,
      ];
}

function curlCommand({ method, url, headers, body }: HttpRequest): string {
  return [
    'curl',
    ...(method === 'GET' ? [] : ['-X', method]),
    ...(/[{}[\]]/.test(url) ? ['-g'] : []),
    shellQuoted(url),
    ...Object.entries(headers).flatMap(header),
    ...(body === undefined ? [] : ['-d', shellQuoted(maskedBody(body))]),
  ].join(' ');
}

/**
 * Reads are made, for what comes after depends on them; a change is not.
 * @param say writes one line
 */
export const printed =
  (say: (line: string) => void) =>
  (send: Send): Send =>
  (request) => {
    if (!OWN.test(new URL(request.url).pathname)) return send(request);
    say(curlCommand(request));
    if (request.method !== 'GET') throw new Printed();
    return send(request);
  };
