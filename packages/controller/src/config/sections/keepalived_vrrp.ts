import { int, section } from '../option.ts';

export const keepalived_vrrp = section('VRRP timing of active-standby amphorae.', {
  vrrp_advert_int: int(1, 'Seconds between role/priority advertisements.'),
  vrrp_check_interval: int(5, 'Seconds between check-script runs.'),
  vrrp_fail_count: int(2, 'Consecutive failures before the fail state.'),
  vrrp_success_count: int(2, 'Consecutive successes before the success state.'),
  vrrp_garp_refresh_interval: int(5, 'Seconds between gratuitous ARPs from MASTER.'),
  vrrp_garp_refresh_count: int(2, 'Gratuitous ARPs sent per refresh.'),
});
