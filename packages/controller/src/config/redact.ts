/** What may be shown of a secret: of a URL everything but the password, of anything else nothing. */
export function redact(text: string): string {
  if (text === '') return '';
  const url = /^([a-z][a-z0-9+.-]*:\/\/)(?:([^:@/?#]*)(:.*)?@)?([^@?]*)(\?.*)?$/i.exec(text);
  if (url === null) return '***';
  const [, scheme = '', user, password, rest = '', query] = url;
  const login = user === undefined ? '' : `${user}${password === undefined ? '' : ':***'}@`;
  return `${scheme}${login}${rest}${query === undefined ? '' : '?***'}`;
}
