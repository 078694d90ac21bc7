import { float, int, list, section, string } from '../option.ts';

export const driver_agent = section('The agent that third-party provider drivers report to.', {
  status_socket_path: string('/var/run/octavia/status.sock', 'Unix socket receiving driver status updates.'),
  stats_socket_path: string('/var/run/octavia/stats.sock', 'Unix socket receiving driver statistics.'),
  get_socket_path: string('/var/run/octavia/get.sock', 'Unix socket answering driver object queries.'),
  status_request_timeout: int(5, 'Seconds to wait for a status request.'),
  status_max_processes: int(50, 'Maximum concurrent status handlers.'),
  stats_request_timeout: int(5, 'Seconds to wait for a statistics request.'),
  stats_max_processes: int(50, 'Maximum concurrent statistics handlers.'),
  get_request_timeout: int(5, 'Seconds to wait for a get request.'),
  get_max_processes: int(50, 'Maximum concurrent get handlers.'),
  max_process_warning_percent: float(0.75, 'Fraction of max processes that triggers overload warnings.', {
    min: 0.01,
    max: 0.99,
  }),
  provider_agent_shutdown_timeout: int(60, 'Seconds given to provider agents to stop.'),
  enabled_provider_agents: list([], 'Provider agents launched at driver-agent start.'),
});
