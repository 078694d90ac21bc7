import { int, section } from '../option.ts';

export const keepalived_vrrp = section('VRRP timing of active-standby amphorae.', {
  vrrp_advert_int: int(1, 'Seconds between role/priority advertisements.', { min: 1 }),
  vrrp_check_interval: int(5, 'Seconds between check-script runs.', { min: 1 }),
  vrrp_fail_count: int(2, 'Consecutive failures before the fail state.', { min: 1 }),
  vrrp_success_count: int(2, 'Consecutive successes before the success state.', { min: 1 }),
  vrrp_garp_refresh_interval: int(5, 'Seconds between gratuitous ARPs from MASTER.', { min: 0 }),
  vrrp_garp_refresh_count: int(2, 'Gratuitous ARPs sent per refresh.', { min: 0 }),
});
