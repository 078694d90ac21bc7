import { bool, int, list, section } from '../option.ts';

export const cors = section('Browsers of other origins that may call the API; see the Fetch standard.', {
  allowed_origin: list(null, 'Origins that may call, such as https://horizon.example.com; `*` for all. Unset: none.'),
  allow_credentials: bool(true, 'Let browsers send cookies and credentials.'),
  expose_headers: list([], 'Response headers that scripts may read besides the simple ones.'),
  max_age: int(3600, 'Seconds a browser may keep the answer to a preflight request.', { min: 0 }),
  allow_methods: list(
    ['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'PATCH'],
    'Methods that other origins may use.',
  ),
  allow_headers: list([], 'Request headers that other origins may send besides the simple ones.'),
});
