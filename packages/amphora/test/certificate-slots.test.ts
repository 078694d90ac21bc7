import { describe, expect, it } from 'vitest';
import { digestsOf, listText, withSlots } from '../src/haproxy/certificate-slots.ts';
import { readRunningFile, writeRunningFile } from '../src/haproxy/running-file.ts';

const FILES: Record<string, string> = {
  '/c/l1.pem': '/c/a.pem\n# a note\n\n/c/b.pem [alpn h2] b.test\n',
  '/c/l2.pem': '/c/a.pem\n',
  '/c/empty.pem': '\n',
  '/c/dangling.pem': '/c/a.pem\n/c/gone.pem\n',
  '/c/a.pem': 'A',
  '/c/b.pem': 'B',
};
const read = async (path: string): Promise<Buffer | null> => (path in FILES ? Buffer.from(FILES[path] ?? '') : null);
const slotted = (text: string) => withSlots(text, '/s', read);

describe('stable names', () => {
  it('say who presents what; a list goes with what it names, and lines of several addresses share it', async () => {
    const text = `frontend f
    bind 1.1.1.1:443 ssl crt-list /c/l1.pem ca-file /c/a.pem verify required
    bind [fd00::1]:443 ssl crt-list /c/l1.pem ca-file /c/a.pem verify required
backend p:f
    server m 1.1.1.2:443 weight 1 ssl crt /c/b.pem verify required ca-file /c/a.pem
    server n 1.1.1.3:443 weight 1 ssl crt /c/b.pem verify required ca-file /c/a.pem
`;
    const { text: changed, slots } = await slotted(text);
    expect(changed).toBe(
      text.replaceAll('crt-list /c/l1.pem', 'crt-list /s/f.list').replaceAll('crt /c/b.pem', 'crt /s/p_f.pem'),
    );
    expect([...slots.certificates].map(([name, content]) => [name, content.toString()])).toEqual([
      ['f.0.pem', 'A'],
      ['f.1.pem', 'B'],
      ['p_f.pem', 'B'],
    ]);
    expect(listText('/s', slots.lists.get('f.list') ?? [])).toBe('/s/f.0.pem\n/s/f.1.pem [alpn h2] b.test\n');
  });

  it.each([
    ['a list that is not there', 'frontend f\n    bind 1.1.1.1:443 ssl crt-list /c/none.pem\n'],
    ['a list of nothing', 'frontend f\n    bind 1.1.1.1:443 ssl crt-list /c/empty.pem\n'],
    ['a list that names what is not there', 'frontend f\n    bind 1.1.1.1:443 ssl crt-list /c/dangling.pem\n'],
    ['a certificate that is not there', 'backend p:f\n    server m 1.1.1.1:443 ssl crt /c/gone.pem\n'],
    ['a path of the environment', 'frontend f\n    bind 1.1.1.1:443 ssl crt-list "$LIST"\n'],
    ['a condition', '.if defined(X)\nfrontend f\n    bind 1.1.1.1:443 ssl crt-list /c/l1.pem\n.endif\n'],
    ['a note', 'frontend f\n    bind 1.1.1.1:443 ssl # crt-list /c/l1.pem\n'],
    ['a name that is no file name', 'frontend f/../g\n    bind 1.1.1.1:443 ssl crt-list /c/l1.pem\n'],
    ['another section', 'listen f\n    bind 1.1.1.1:443 ssl crt-list /c/l1.pem\n'],
  ])('%s stays as it is', async (_, text) => {
    const { text: changed, slots } = await slotted(text);
    expect(changed).toBe(text);
    expect(slots.certificates.size + slots.lists.size).toBe(0);
  });

  it('are put in the place of a quoted path, and nothing else of the line changes', async () => {
    const { text } = await slotted('\tfrontend "f"\r\nbind  :443 ssl crt-list \'/c/l1\'.pem  alpn h2 # note\r\n');
    expect(text).toBe('\tfrontend "f"\r\nbind  :443 ssl crt-list /s/f.list  alpn h2 # note\r\n');
  });

  it('a second list of a frontend stays as it is', async () => {
    const { text, slots } = await slotted(
      'frontend f\n    bind 1.1.1.1:1 ssl crt-list /c/l1.pem\n    bind 1.1.1.1:2 ssl crt-list /c/l2.pem\n',
    );
    expect(text).toContain('1.1.1.1:1 ssl crt-list /s/f.list\n');
    expect(text).toContain('1.1.1.1:2 ssl crt-list /c/l2.pem\n');
    expect([...slots.lists.keys()]).toEqual(['f.list']);
  });
});

it('the file HAProxy runs with says what it was made of', async () => {
  const { text, slots } = await slotted('frontend f\n    bind 1.1.1.1:443 ssl crt-list /c/l1.pem');
  const uploaded = 'ab'.repeat(32);
  const written = writeRunningFile({ text, uploaded, folder: 'certificates-b', digests: digestsOf(slots) });
  expect(written.startsWith(`${text}\n# made of `)).toBe(true);
  const again = readRunningFile(written);
  expect(again).toEqual({ text: `${text}\n`, uploaded, folder: 'certificates-b', digests: digestsOf(slots) });
  // Of an agent that wrote no such comments.
  expect(readRunningFile('global\n')).toEqual({
    text: 'global\n',
    uploaded: 'bde69edbbd1e37f29a7d5abb737590d929362f186c935f5fa9384ce2074acec4',
    folder: null,
    digests: new Map(),
  });
});
