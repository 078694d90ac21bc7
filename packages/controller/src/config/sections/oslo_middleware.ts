import { bool, int, section } from '../option.ts';

export const oslo_middleware = section('Requests before they reach the API.', {
  max_request_body_size: int(114688, 'Largest request body in bytes; a larger one is answered with 413.', { min: 1 }),
  enable_proxy_headers_parsing: bool(
    false,
    'Believe the Forwarded header of a proxy, or its X-Forwarded-Proto, -Host, -Port and -For, and X-Forwarded-Prefix.',
  ),
});
