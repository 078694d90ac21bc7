/** What the agent reads in configurations that others wrote. */
import { describe, expect, it } from 'vitest';
import { decode, encode, listenersOf, withoutListener } from '../src/haproxy/config-text.ts';
import { namesServerState } from '../src/haproxy/server-state.ts';

const LISTENER = '11111111-1111-4111-8111-111111111111';
const OTHER = '22222222-2222-4222-8222-222222222222';
const POOL = '33333333-3333-4333-8333-333333333333';

describe('the type of a listener', () => {
  it.each<[string, string, string]>([
    ['of the frontend', `frontend ${LISTENER}\n mode http\n`, 'HTTP'],
    ['the last one that is named', `frontend ${LISTENER}\n mode http\n mode "tcp"\n`, 'TCP'],
    ['of the defaults before it', `defaults\n mode http\nfrontend ${LISTENER}\n`, 'HTTP'],
    ['not of defaults before those', `defaults\n mode http\ndefaults\nfrontend ${LISTENER}\n`, 'TCP'],
    [
      'of the defaults it names',
      `defaults a\n mode http\ndefaults b from a\ndefaults c\nfrontend ${LISTENER} from b\n`,
      'HTTP',
    ],
    ['with TLS', `  frontend '${LISTENER}'\r\n\tmode http\r\n\tbind :443 ssl\r\n`, 'TERMINATED_HTTPS'],
    ['without TLS in a note', `frontend ${LISTENER}\n mode http\n bind :80 # ssl\n`, 'HTTP'],
  ])('%s', (_, text, type) => {
    expect(listenersOf(text)).toEqual([{ id: LISTENER, type }]);
  });

  it('is known of frontends alone, and of those that are listeners', () => {
    expect(listenersOf(`listen ${LISTENER}\nfrontend stats\n# frontend ${OTHER}\n`)).toEqual([]);
  });
});

it('a listener goes with its backends, and not a byte else', () => {
  const [before, own, between, ownBackend, after] = [
    '# top\r\n.notice x\n[scope]\nglobal\n\n\tnode "a b" # c\n',
    `frontend ${LISTENER}\n bind :80\n`,
    `frontend ${OTHER}\n unknown 'word\ncrt-store x\n`,
    ` backend "${POOL}:${LISTENER}"\n server a :80\n`,
    `backend ${POOL}:${OTHER}\n\n# end`,
  ];
  const text = [before, own, between, ownBackend, after].join('');
  expect(withoutListener(text, LISTENER)).toBe(`${before}${between}${after}`);
});

it.each([
  ['UTF-8', Buffer.from('description Größe\n')],
  ['no UTF-8', Buffer.from([...Buffer.from('description Gr'), 0xf6, 0xdf, ...Buffer.from('e\n')])],
])('bytes are kept: %s', (_, bytes) => {
  expect(encode(withoutListener(decode(bytes), LISTENER), bytes)).toEqual(bytes);
});

it.each([
  ['global\n server-state-file x\n', true],
  ['global\n # server-state-file x\nbackend b\n server-state-file-name x\n', false],
])('the state of servers is read at start: %j %s', (text, names) => {
  expect(namesServerState(text)).toBe(names);
});
