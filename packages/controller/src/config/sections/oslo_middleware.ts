import { bool, int, section } from '../option.ts';

export const oslo_middleware = section('Requests before they reach the API.', {
  max_request_body_size: int(114688, 'Largest request body in bytes; a larger one is answered with 413.'),
  enable_proxy_headers_parsing: bool(
    false,
    'Believe the X-Forwarded and Forwarded headers of a proxy when making links.',
  ),
});
