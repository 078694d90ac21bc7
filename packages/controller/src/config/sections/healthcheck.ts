import { bool, list, section, string } from '../option.ts';

export const healthcheck = section('The /healthcheck endpoint.', {
  backends: list([], 'Checks to run: octavia_db_check, disable_by_file, disable_by_files_ports.'),
  detailed: bool(false, 'Answer with details of the process and texts of the database: sensitive, not for the public.'),
  disable_by_file_path: string(null, 'The API is disabled while this file exists.'),
  disable_by_file_paths: list([], 'port:path pairs; a port is disabled while its file exists.'),
  allowed_source_ranges: list(
    [],
    'Networks that may ask; empty allows all. To everybody else the endpoint does not exist.',
  ),
  ignore_proxied_requests: bool(false, 'Answer only requests that came straight here.'),
  path: string('/healthcheck', 'Path of the endpoint.', { forRemoval: true }),
});
