import { expect, test } from 'vitest';
import { completionScript, SHELLS } from '../src/completion.ts';
import { drawn } from '../src/run/tree.ts';
import { COMMANDS } from '../src/table/index.ts';

test.each(SHELLS)('the script of %s knows every word and option', (shell) => {
  const script = completionScript(shell);
  for (const { words, arguments: known } of COMMANDS) {
    for (const word of words.split(' ')) expect(script).toContain(word);
    for (const { flags, hidden } of known) {
      const long = flags.find((flag) => flag.startsWith('--'));
      if (long !== undefined && hidden !== true)
        expect(script).toContain(shell === 'fish' ? `-l ${long.slice(2)}` : long);
    }
  }
});

test('a tree is drawn with what is below what', () => {
  const up = { provisioning_status: 'ACTIVE', operating_status: 'ONLINE' };
  const tree = {
    ...up,
    id: 'l',
    name: 'lb',
    listeners: [
      {
        ...up,
        name: 'http',
        pools: [
          {
            ...up,
            name: 'web',
            health_monitor: { ...up, id: 'h', name: '', type: 'HTTP' },
            members: [{ ...up, name: 'one', address: '192.0.2.1', protocol_port: 80 }],
          },
        ],
      },
      { ...up, name: 'tcp', pools: [] },
    ],
    pools: [{ ...up, name: 'spare', health_monitor: {}, members: [] }],
  };
  expect(drawn('load balancer', tree).join('\n')).toBe(`load balancer lb  ACTIVE ONLINE
├─ listener http  ACTIVE ONLINE
│  └─ pool web  ACTIVE ONLINE
│     ├─ member one 192.0.2.1:80  ACTIVE ONLINE
│     └─ health monitor h HTTP  ACTIVE ONLINE
├─ listener tcp  ACTIVE ONLINE
└─ pool spare  ACTIVE ONLINE`);
});
