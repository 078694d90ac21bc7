/** Files of VRRP inside an amphora: the controller names them in keepalived's configuration, the agent keeps them. */

export interface VrrpFiles {
  folder: string;
  /** As uploaded and checked. */
  configuration: string;
  /** Run by keepalived; fails while a HAProxy that should serve does not. */
  checkScript: string;
  /** Watched by keepalived: `0` while HAProxy serves, else `1`. */
  haproxyState: string;
}

export function vrrpFiles(basePath: string): VrrpFiles {
  const folder = `${basePath}/vrrp`;
  return {
    folder,
    configuration: `${folder}/octavia-keepalived.conf`,
    checkScript: `${folder}/check_script.sh`,
    haproxyState: `${folder}/haproxy_state`,
  };
}
