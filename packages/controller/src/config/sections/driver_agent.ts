import { float, int, list, section, string } from '../option.ts';

export const driver_agent = section('The agent that third-party provider drivers report to.', {
  status_socket_path: string('/var/run/octavia/status.sock', 'Unix socket receiving driver status updates.'),
  stats_socket_path: string('/var/run/octavia/stats.sock', 'Unix socket receiving driver statistics.'),
  get_socket_path: string('/var/run/octavia/get.sock', 'Unix socket answering driver object queries.'),
  status_request_timeout: int(5, 'Seconds to wait for a status request.', { min: 1 }),
  status_max_processes: int(50, 'Maximum concurrent status handlers.', { min: 1 }),
  stats_request_timeout: int(5, 'Seconds to wait for a statistics request.', { min: 1 }),
  stats_max_processes: int(50, 'Maximum concurrent statistics handlers.', { min: 1 }),
  get_request_timeout: int(5, 'Seconds to wait for a get request.', { min: 1 }),
  get_max_processes: int(50, 'Maximum concurrent get handlers.', { min: 1 }),
  max_process_warning_percent: float(0.75, 'Fraction of max processes that triggers overload warnings.', {
    min: 0.01,
    max: 0.99,
  }),
  provider_agent_shutdown_timeout: int(60, 'Seconds given to provider agents to stop.', { min: 0 }),
  provider_change_timeout: int(
    1800,
    'Seconds a provider that carries changes out by itself may take for one; then the load balancer is in ERROR.',
    { min: 60, mutable: true },
  ),
  enabled_provider_agents: list(
    [],
    'Provider agents launched at driver-agent start: noop_agent, those of [api_settings] provider_packages, those installed for provider_python.',
  ),
});
