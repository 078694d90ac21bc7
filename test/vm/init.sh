#!/bin/sh
# Goes on as the first process of the machine: brings up what the tests need, runs them, tells their status and switches off.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
echo VM-BEGIN
mount -t proc proc /proc 2>/dev/null
mount -t sysfs sysfs /sys 2>/dev/null
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
for folder in /dev/shm /run /tmp; do mount -t tmpfs -o mode=1777 tmpfs "$folder"; done
mkdir -p /run/netns
hostname vm
ip link set lo up
for module in ip_vs ip_vs_rr ip_vs_wrr ip_vs_lc ip_vs_wlc ip_vs_sh sctp veth bridge nft_meta_bridge nf_nat nft_masq nft_ct; do
  modprobe "$module" 2>/dev/null
done
cd /checkout || exit 1
export OCTAVIA_AGENT_NODE=/checkout/node_modules/.bin/node TMPDIR=/var/tmp CI=1
export NODE_COMPILE_CACHE=/tmp/compile-cache
/checkout/node_modules/.bin/node --disable-warning=ExperimentalWarning node_modules/vitest/vitest.mjs run --config test/vm/vitest.config.ts $(cat /checkout/.vm-arguments)
echo "VM-EXIT $?"
sync
echo o >/proc/sysrq-trigger
sleep 10
