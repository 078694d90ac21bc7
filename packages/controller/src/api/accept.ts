/** Whether an Accept header lets us answer in JSON. A missing or empty header accepts everything. */
export function acceptsJson(header: string | undefined): boolean {
  if (header === undefined || header.trim() === '') return true;
  return header.split(',').some((entry) => {
    const [range = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
    const refused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter.replaceAll(' ', '')));
    return !refused && ['application/json', 'application/*', '*/*', '*'].includes(range);
  });
}
