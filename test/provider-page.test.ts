/** The feature matrix of providers is data, and wrong data do not become a page; code in the tutorial is code of the example. */
import { expect, it } from 'vitest';
import { excerpt, readMatrix } from '../scripts/provider-page.ts';

const matrix = (value: string, more = ''): string => `[driver.acme]
title = Acme
link = https://acme.example

[operation.tags]
title = tags
status = optional
driver.acme = ${value}
${more}`;

it.each(['complete', 'partial', 'missing'])('%s is a value', (value) => {
  expect(readMatrix(matrix(value, 'driver-notes.acme = Some.'), 'x.ini')).toEqual({
    drivers: [{ name: 'acme', title: 'Acme', link: 'https://acme.example' }],
    features: [{ title: 'tags', status: 'optional', support: { acme: { value, notes: 'Some.' } } }],
  });
});

it.each([
  [matrix('Complete'), 'x.ini: driver.acme of [operation.tags] is Complete; it is one of complete, partial, missing.'],
  [matrix(''), 'x.ini: driver.acme of [operation.tags] is ; it is one of complete, partial, missing.'],
  [matrix('complete', 'driver.others = complete'), 'x.ini: nobody knows driver.others of [operation.tags].'],
  [matrix('complete', 'driver-notes.others = x'), 'x.ini: nobody knows driver-notes.others of [operation.tags].'],
  [matrix('complete', 'driver.acme = missing'), 'x.ini:9: driver.acme of [operation.tags] stands there twice.'],
  [
    matrix('complete').replace('optional', 'nice'),
    'x.ini: the status of [operation.tags] is nice; it is one of mandatory, optional.',
  ],
  [matrix('complete').replace('driver.acme =', '# '), 'x.ini: [operation.tags] has no driver.acme.'],
  [matrix('complete').replace('link', '# link'), 'x.ini: [driver.acme] has no link.'],
  [matrix('complete').replace('operation.', 'opinion.'), 'x.ini: [opinion.tags] is neither a driver nor an operation.'],
])('%j does not fit', (text, message) => {
  expect(() => readMatrix(text, 'x.ini')).toThrow(message);
});

it('code is taken from between its marks, and moved to the left', () => {
  const source =
    '// #region one\nclass A {\n  // #endregion\n  // #region two\n  b() {\n    c();\n  }\n  // #endregion\n}\n';
  expect(excerpt(source, 'two', 'a.ts')).toBe('b() {\n  c();\n}');
  expect(excerpt(source, 'one', 'a.ts')).toBe('class A {');
  expect(excerpt(source, undefined, 'a.ts')).toBe('class A {\n  b() {\n    c();\n  }\n}');
  expect(() => excerpt(source, 'three', 'a.ts')).toThrow('a.ts has no region three.');
});
