#!/bin/sh
# The controller's foot on the management network, where Neutron has Linux bridges: a pair of interfaces, o-hm0 and its other end
# in the bridge of the network. octavia-interface.service calls it at each boot.
#
#   octavia-interface.sh start|stop|status
#
# /etc/octavia/interface.env names BRIDGE, MAC and ADDRESS (with prefix length) of the port that Neutron has for it.
set -eu
. /etc/octavia/interface.env
case ${1:-status} in
  start)
    ip link show o-hm0 > /dev/null 2>&1 || ip link add o-hm0 address "$MAC" type veth peer name o-bhm0
    ip link set o-bhm0 master "$BRIDGE" up
    ip address replace "$ADDRESS" dev o-hm0
    ip link set o-hm0 up
    ;;
  stop) ! ip link show o-hm0 > /dev/null 2>&1 || ip link delete o-hm0 ;;
  *) ip -brief address show o-hm0 ;;
esac
