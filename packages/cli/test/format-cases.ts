/** Data and the options it is shown with. What cliff makes of them is recorded in testdata/formats.json. */

interface FormatCase {
  name: string;
  columns: string[];
  /** Rows of a list, or the values of a record. */
  data: unknown[];
  isList: boolean;
  /** Each is one way to show it. */
  words: string[][];
}

const LISTS = ['csv', 'json', 'table', 'value', 'yaml'].map((format) => ['-f', format]);
const RECORDS = ['json', 'shell', 'table', 'value', 'yaml'].map((format) => ['-f', format]);
const UUID = 'fe22e256-d409-4f91-867f-508d08566892';
const LONG =
  'a description of many words that goes on well behind the place where lines are folded, with http://example.org/a-path';

export const FORMAT_CASES: readonly FormatCase[] = [
  {
    name: 'load balancers',
    columns: ['id', 'name', 'vip_address', 'weight', 'up'],
    data: [
      [UUID, 'web', '192.0.2.1', 7, true],
      [UUID.replace('f', 'e'), 'データベース', '2001:db8::1', 12, false],
      [UUID.replace('f', 'd'), '', null, 0, true],
    ],
    isList: true,
    words: [
      ...LISTS,
      ['-f', 'table', '--max-width', '60'],
      ['-f', 'table', '--max-width', '100', '-c', 'name', '-c', 'id'],
      ['-f', 'value', '--sort-column', 'name'],
      ['-f', 'value', '--sort-column', 'vip_address', '--sort-descending'],
      ['-f', 'value', '--sort-column', 'up', '--sort-column', 'weight', '--sort-descending'],
      ['-f', 'json', '--noindent'],
      ['-f', 'csv', '--quote', 'all'],
      ['-f', 'csv', '--quote', 'minimal'],
      ['-f', 'csv', '--quote', 'none'],
      ['-f', 'value', '-c', 'nothing'],
    ],
  },
  {
    name: 'nothing',
    columns: ['id', 'name'],
    data: [],
    isList: true,
    words: [...LISTS, ['-f', 'table', '--print-empty'], ['-f', 'json', '--noindent']],
  },
  {
    name: 'one column, no text',
    columns: ['name'],
    data: [[''], [null], [' '], ['a,b'], ['a"b'], ["a'b"], ['a\\b'], ['a\nb'], ['a\r\nb']],
    isList: true,
    words: [...LISTS, ['-f', 'csv', '--quote', 'all'], ['-f', 'csv', '--quote', 'minimal']],
  },
  {
    name: 'a load balancer',
    columns: [
      'admin_state_up',
      'description',
      'flavor_id',
      'listeners',
      'tls_versions',
      'additional_vips',
      'created_at',
      'empty',
      'none',
      'limit',
    ],
    data: [
      true,
      LONG,
      null,
      `${UUID}\n${UUID}`,
      ['TLSv1.2', 'TLSv1.3'],
      [
        { subnet_id: UUID, ip_address: '192.0.2.2' },
        { ip_address: '::1', subnet_id: UUID },
      ],
      '2020-11-11T17:00:19',
      [],
      {},
      -1,
    ],
    isList: false,
    words: [
      ...RECORDS,
      ['-f', 'table', '--max-width', '60'],
      ['-f', 'shell', '--prefix', 'lb_'],
      ['-f', 'shell', '--variable', 'limit'],
      ['-f', 'json', '--noindent'],
      ['-f', 'value', '-c', 'listeners', '-c', 'limit'],
    ],
  },
  {
    name: 'what YAML would read as something else',
    columns: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p'],
    data: [
      'yes',
      'null',
      '~',
      '1',
      '1.5',
      '0x1f',
      '2020-11-11',
      '<<',
      '=',
      '- a',
      'a: b',
      'a #b',
      ' a',
      'é',
      `${LONG} é ${LONG}`,
      `it's ${LONG}`,
    ],
    isList: false,
    words: RECORDS,
  },
  {
    name: 'quotes and signs',
    columns: ['p:q-r', 'X Y', 'z'],
    data: ['a "b" c', 'é 漢 😀', 'tab\there'],
    isList: false,
    words: [
      ['-f', 'shell'],
      ['-f', 'json'],
      ['-f', 'yaml'],
      ['-f', 'value'],
    ],
  },
];
