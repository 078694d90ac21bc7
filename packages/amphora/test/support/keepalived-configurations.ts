/** keepalived configurations as the controller writes them, small. */

export interface KeepalivedOptions {
  base: string;
  vips: string[];
  own: string;
  priority?: number;
  extra?: string;
}

export function keepalivedConfiguration({ base, vips, own, priority = 100, extra = '' }: KeepalivedOptions): string {
  return `global_defs {
    router_id test
    script_user root root
    enable_script_security
    dynamic_interfaces
}
track_file haproxy_state {
    file ${base}/vrrp/haproxy_state
    weight 0
}
vrrp_script check_script {
    script ${base}/vrrp/check_script.sh
    interval 1
    fall 2
    rise 2
}
vrrp_instance test {
    state BACKUP
    interface eth1
    virtual_router_id 1
    priority ${priority}
    nopreempt
    advert_int 1
    down_timer_adverts 2
    unicast_src_ip ${own}
    unicast_peer {
        10.77.0.99
    }
    virtual_ipaddress {
        ${vips[0]}/32 dev eth1
    }
    virtual_ipaddress_excluded {
${vips
  .slice(1)
  .map((vip) => `        ${vip}/128 dev eth1`)
  .join('\n')}
    }
    virtual_rules {
        from ${vips[0]}/32 table 1 priority 100
    }
    track_script {
        check_script
    }
    track_file {
        haproxy_state
    }
    ${extra}
}
`;
}
