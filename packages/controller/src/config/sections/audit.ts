import { bool, section, string } from '../option.ts';

export const audit = section('Auditing of API calls.', {
  enabled: bool(false, 'Turn on CADF auditing of API calls.'),
  audit_map_file: string(
    '/etc/octavia/octavia_api_audit_map.conf',
    'Audit map path; read only when auditing is on. Without the file, the shipped map is used.',
  ),
  ignore_req_list: string('', 'Comma list of HTTP methods not audited, e.g. GET,POST.'),
});
