import { bool, choice, dict, int, list, port, secret, section, string } from '../option.ts';

/** Instead of flows in a database of their own and a board of jobs. */
const ROWS = 'operations, their steps and what is left to do are rows of the database';

export const task_flow = section('Running flows.', {
  engine: choice('parallel', ['serial', 'parallel'], 'serial: one thread; parallel: independent tasks concurrently.', {
    compatibility: 'a flow says itself which of its steps run at once',
  }),
  max_workers: int(5, 'Maximum parallel workers.'),
  disable_revert: bool(false, 'Skip flow reversion; debugging only, leaves inconsistent resources.'),
  persistence_connection: secret('sqlite://', 'Database URL for task state.', { compatibility: ROWS }),
  jobboard_enabled: bool(false, 'Use the jobboard to resume interrupted flows.', { compatibility: ROWS }),
  jobboard_backend_driver: choice(
    'redis_taskflow_driver',
    ['redis_taskflow_driver', 'zookeeper_taskflow_driver'],
    'Store of job states: Redis or Zookeeper.',
    { compatibility: ROWS },
  ),
  jobboard_backend_hosts: list(['127.0.0.1'], 'Jobboard server hosts.', { compatibility: ROWS }),
  jobboard_backend_port: port(6379, 'Jobboard server port.', { compatibility: ROWS }),
  jobboard_backend_password: secret('', 'Jobboard server password.', { compatibility: ROWS }),
  jobboard_backend_namespace: string('octavia_jobboard', 'Name keeping job IDs and claims.', { compatibility: ROWS }),
  jobboard_redis_sentinel: string(null, 'Sentinel name if Redis uses Sentinel.', { compatibility: ROWS }),
  jobboard_redis_backend_ssl_options: dict(
    { ssl: 'False', ssl_keyfile: 'None', ssl_certfile: 'None', ssl_ca_certs: 'None', ssl_cert_reqs: 'required' },
    'Redis TLS settings.',
    { compatibility: ROWS },
  ),
  jobboard_zookeeper_ssl_options: dict(
    { use_ssl: 'False', keyfile: 'None', keyfile_password: 'None', certfile: 'None', verify_certs: 'True' },
    'Zookeeper TLS settings.',
    { compatibility: ROWS },
  ),
  jobboard_expiration_time: int(30, 'Seconds a job claim is retained (Redis-like backends).', { compatibility: ROWS }),
  jobboard_save_logbook: bool(false, 'Keep logbooks after completion instead of deleting.', { compatibility: ROWS }),
});
