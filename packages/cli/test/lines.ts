/** Command lines as people type them, right and wrong, one a line. Words are split at blanks; quotes hold them together. */
export const LINES: readonly string[] = `
loadbalancer list
loadb list
loadbalancer li
loadb mem li pool1
loadb m l pool1
loadbalancer l
load bal list
loadbalancer
loadbalancer listener
loadbalancer nothing
lodbalancer list
load-balancer list
loadbalancer show
loadbalancer show lb1
loadbalancer show lb1 lb2
loadbalancer show -- lb1
loadbalancer show -- -lb1
loadbalancer show -lb1
loadbalancer show -1
loadbalancer show -- --
loadbalancer show ''
loadbalancer show 'a b'
loadbalancer show '-a b'
loadbalancer show lb1 --
loadbalancer show lb1 -f json
loadbalancer show -f json lb1
loadbalancer show -fjson lb1
loadbalancer show -f=json lb1
loadbalancer show --format json lb1
loadbalancer show --form yaml lb1
loadbalancer show --format=value lb1
loadbalancer show -f csv lb1
loadbalancer list -f shell
loadbalancer list -f JSON
loadbalancer list -f
loadbalancer list -f -c id
loadbalancer list -c id -c name
loadbalancer list -cid -cname
loadbalancer list --column id --column=name
loadbalancer list --col id
loadbalancer list --noindent -f json
loadbalancer list --quote all -f csv
loadbalancer list --quote some -f csv
loadbalancer list --sort-column name --sort-ascending
loadbalancer list --sort-column name --sort-column id --sort-descending
loadbalancer list --sort-ascending --sort-descending
loadbalancer list --sort-a
loadbalancer list --sort-
loadbalancer list --max-width 80
loadbalancer list --max-width=-1
loadbalancer list --max-width -1
loadbalancer list --max-width wide
loadbalancer list --max-width ' 8 '
loadbalancer list --max-width 1_0
loadbalancer list --fit-width --print-empty
loadbalancer list --fit-width=1
loadbalancer show lb --prefix x --variable id -f shell
loadbalancer list --prefix x
loadbalancer list --name web
loadbalancer list --name=web
loadbalancer list --name
loadbalancer list --name --enable
loadbalancer list --name=--enable
loadbalancer list --name -1
loadbalancer list --name=
loadbalancer list --n web
loadbalancer list --na web
loadbalancer list --no web
loadbalancer list --not-t a,b
loadbalancer list --not-tags a,b --not-any-tags c
loadbalancer list --tags a,b --any-tags c,
loadbalancer list --any a
loadbalancer list --enable
loadbalancer list --enable --disable
loadbalancer list --disable --enable
loadbalancer list --enable --enable
loadbalancer list --en
loadbalancer list --provisioning-status active
loadbalancer list --provisioning-status Pending_Create
loadbalancer list --provisioning-status gone
loadbalancer list --operating-status online
loadbalancer list --operating-status NO_MONITOR --provider amphora
loadbalancer list --vip-subnet-id s --vip-network-id n --vip-port-id p --vip-qos-policy-id q
loadbalancer list --vip- s
loadbalancer list --vip-su s
loadbalancer list --prov amphora
loadbalancer list --provi amphora
loadbalancer list --availability-zone az --flavor f --project p
loadbalancer list --a az
loadbalancer list x
loadbalancer list --unknown
loadbalancer list --unknown=1 x
loadbalancer list -x
loadbalancer list -q
loadbalancer list -v -v
loadbalancer list -vv
loadbalancer list -qv
loadbalancer list -q -v
loadbalancer list --debug
loadbalancer list --insecure
loadbalancer list --insecure --verify
loadbalancer list --ti
loadbalancer list --timing
loadbalancer list --d
loadbalancer list --os-cloud
loadbalancer list --os-region-name r
loadbalancer list --os-region r
loadbalancer list --os-reg=r
loadbalancer list --os-interface public
loadbalancer list --os-interface other
loadbalancer list --os-beta-command
loadbalancer create
loadbalancer create --name lb
loadbalancer create --vip-subnet-id s
loadbalancer create --vip-subnet-id=s --wait
loadbalancer create --vip-s s
loadbalancer create --vip-su s --vip-net n --vip-p p --vip-q none --vip-a 1.2.3.4
loadbalancer create --vip s
loadbalancer create lb
loadbalancer create --name lb --vip-subnet-id s --additional-vip subnet-id=a --additional-vip subnet-id=b,ip-address=::1
loadbalancer create --tag a --tag b --vip-subnet-id s
loadbalancer create --tag a --no-tag --vip-subnet-id s
loadbalancer create --no-tag --tag a --vip-subnet-id s
loadbalancer create --enable --vip-subnet-id s
loadbalancer create --disable --vip-subnet-id s
loadbalancer create --enable --disable --vip-subnet-id s
loadbalancer create --name lb --name lb2 --vip-subnet-id s
loadbalancer create --description 'two words' --vip-subnet-id s --provider amphora --flavor f --availability-zone az --project p
loadbalancer create --description '--not an option' --vip-subnet-id s
loadbalancer create --description --not --vip-subnet-id s
loadbalancer create --description=-1 --vip-subnet-id s
loadbalancer create --wai --vip-subnet-id s
loadbalancer create --wait=yes --vip-subnet-id s
loadbalancer set
loadbalancer set lb
loadbalancer set lb --name new --tag a --no-tag
loadbalancer set --name new lb --wait
loadbalancer set --name new -- lb
loadbalancer set lb --n new
loadbalancer set lb --vip-qos-policy-id None
loadbalancer unset lb
loadbalancer unset lb --name --description --vip-qos-policy-id --wait
loadbalancer unset lb --name x
loadbalancer unset lb --all-tag --tag a
loadbalancer unset lb --tag a --tag b
loadbalancer delete lb --cascade --wait
loadbalancer delete --cas lb
loadbalancer delete --c lb
loadbalancer delete lb1 lb2
loadbalancer failover lb --wait
loadbalancer stats show lb
loadbalancer stat sh lb
loadbalancer stat lb
loadbalancer status show lb
loadbalancer status show lb -f json
loadbalancer listener create --protocol http --protocol-port 80 lb
loadbalancer listener create lb --protocol HTTP --protocol-port 80 --name l
loadbalancer listener create lb
loadbalancer listener create lb --protocol-port 80
loadbalancer listener create --protocol HTTP --protocol-port 80
loadbalancer listener create lb --protocol ftp --protocol-port 80
loadbalancer listener create lb --protocol HTTP --protocol-port http
loadbalancer listener create lb --protocol HTTP --protocol-port 70000
loadbalancer listener create lb --protoc HTTP --protocol-p 80
loadbalancer listener create lb --protocol HTTP --protocol-port 80 --default-tls-container http://x/y
loadbalancer listener create lb --protocol HTTP --protocol-port 80 --client-crl-container http://x/y --client-ca none
loadbalancer listener create --protocol HTTP --protocol-port 80 --sni-container-refs a b c -- lb
loadbalancer listener create --protocol HTTP --protocol-port 80 --sni-container-refs a b lb
loadbalancer listener create lb --protocol HTTP --protocol-port 80 --sni-container-refs
loadbalancer listener create lb --protocol HTTP --protocol-port 80 --allowed-cidr 10.0.0.0/8 --allowed-cidr ::/0
loadbalancer listener create --protocol HTTP --protocol-port 80 --allowed-cidr lb
loadbalancer listener create lb --protocol HTTP --protocol-port 80 --allowed-cidr
loadbalancer listener create lb --protocol HTTP --protocol-port 80 --insert-headers X-Forwarded-For=true,X-Forwarded-Port=true
loadbalancer listener create lb --protocol HTTP --protocol-port 80 --tls-version TLSv1.2 --tls-version TLSv1.3 --alpn-protocol h2
loadbalancer listener create lb --protocol HTTP --protocol-port 80 --timeout-client-data 5 --timeout-member-connect 6 --timeout-member-data 7 --timeout-tcp-inspect 8
loadbalancer listener create lb --protocol HTTP --protocol-port 80 --timeout-m 5
loadbalancer listener create lb --protocol HTTP --protocol-port 80 --client-authentication optional
loadbalancer listener create lb --protocol HTTP --protocol-port 80 --client-authentication maybe
loadbalancer listener create lb --protocol HTTP --protocol-port 80 --connection-limit -1
loadbalancer listener create lb --protocol HTTP --protocol-port 80 --connection-limit=-1
loadbalancer listener create lb --protocol HTTP --protocol-port 80 --connection-limit 1.5
loadbalancer listener set l --connection-limit x --default-pool p
loadbalancer listener unset l --allowed-cidrs --tls-versions --alpn-protocols --default-pool
loadbalancer listener unset l --tls-v --tls-c
loadbalancer listener list --loadbalancer lb --project p --enable
loadbalancer pool create --protocol HTTP --lb-algorithm round_robin --listener l
loadbalancer pool create --protocol HTTP --lb-algorithm ROUND_ROBIN
loadbalancer pool create --protocol HTTP --lb-algorithm ROUND_ROBIN --listener l --loadbalancer lb
loadbalancer pool create --protocol HTTP --lb-algorithm FASTEST --listener l
loadbalancer pool create --lb-algorithm ROUND_ROBIN --listener l
loadbalancer pool create --protocol HTTP --lb ROUND_ROBIN --listener l --session-persistence type=SOURCE_IP --enable-tls
loadbalancer pool create --protocol HTTP --lb-algorithm ROUND_ROBIN --listener l --enable-tls --disable-tls
loadbalancer pool create --protocol HTTP --lb-algorithm ROUND_ROBIN --l l
loadbalancer pool set p --lb-algorithm source_ip --ca-tls none
loadbalancer pool unset p --session-persistence --ca-tls-container-ref
loadbalancer member create p --address 10.0.0.1 --protocol-port 80 --weight 5 --enable-backup
loadbalancer member create p --address 10.0.0.1
loadbalancer member create --address 10.0.0.1 --protocol-port 80 p --subnet-id s
loadbalancer member create p --address 10.0.0.1 --protocol-port 80 --enable-backup --disable-backup
loadbalancer member create p --address 10.0.0.1 --protocol-port 80 --weight heavy
loadbalancer member set p m --weight 7 --monitor-port 90 --monitor-address 10.0.0.2
loadbalancer member set p
loadbalancer member set --weight 7 p m
loadbalancer member set p --weight 7 m
loadbalancer member show p m -f value -c weight
loadbalancer member delete p m --wait
loadbalancer member unset p m --backup --weight --monitor-a
loadbalancer healthmonitor create p --delay 5 --timeout 4 --max-retries 3 --type HTTP
loadbalancer healthmonitor create p --delay 5 --timeout 4 --max-retries 3
loadbalancer healthmonitor create p --delay 5 --timeout 4 --max-retries 0 --type tcp
loadbalancer healthmonitor create p --delay 5 --timeout 4 --max-retries x --type tcp
loadbalancer healthmonitor create p --delay 5 --timeout 4 --max-retries 3 --type HTTP --http-version 1.1
loadbalancer healthmonitor create p --delay 5 --timeout 4 --max-retries 3 --type HTTP --http-version 1
loadbalancer healthmonitor create p --delay 5 --timeout 4 --max-retries 3 --type HTTP --http-version 2
loadbalancer healthmonitor create p --delay 5 --timeout 4 --max-retries 3 --type HTTP --http-version x
loadbalancer healthmonitor create p --delay 5 --timeout 4 --max-retries 3 --type udp-connect --http-method get
loadbalancer healthmonitor create p --delay 5 --timeout 4 --max-retries 3 --type HTTP --max-r 3
loadbalancer healthmonitor create p --delay 5 --timeout 4 --max-retries 10 --type HTTP
loadbalancer healthmonitor set hm --max-retries-down 3 --url-path /x --expected-codes 200-204
loadbalancer healthmonitor unset hm --http-m --url
loadbalancer l7policy create l --action reject
loadbalancer l7policy create l --action REDIRECT_TO_URL --redirect-url http://x --redirect-http-code 301 --position 1
loadbalancer l7policy create l --action REDIRECT_TO_URL --redirect-url http://x --redirect-pool p
loadbalancer l7policy create l --action REDIRECT_TO_URL --redirect-http-code 300
loadbalancer l7policy create l --action REDIRECT_TO_URL --redirect-p p
loadbalancer l7policy list --listener l
loadbalancer l7rule create pol --type PATH --compare-type starts_with --value /x --invert
loadbalancer l7rule create pol --type PATH --value /x
loadbalancer l7rule set pol r --value /y
loadbalancer l7rule unset pol r --invert --key
loadbalancer quota set p --loadbalancer 5 --member 7
loadbalancer quota set --healthmonitor -1 p
loadbalancer quota set
loadbalancer quota unset p --loadbalancer
loadbalancer quota defaults show
loadbalancer quota defaults show x
loadbalancer quota show
loadbalancer provider list
loadbalancer provider capability list amphora --flavor
loadbalancer provider capability list amphora --flavor --availability-zone
loadbalancer flavor create --name f --flavorprofile p --enable
loadbalancer flavor create --name f
loadbalancer flavorprofile create --name p --provider amphora --flavor-data '{"a": 1}'
loadbalancer flavor list --fl p
loadbalancer availabilityzone create --name z --availabilityzoneprofile p --description d
loadbalancer availabilityzoneprofile create --name p --provider amphora --availability-zone-data {}
loadbalancer availabilityzoneprofile set p --availabilityzone-data {}
loadbalancer availabilityzone delete z z2
loadbalancer amphora list --status ready --role standalone --long
loadbalancer amphora list --provisioning-status ALLOCATED
loadbalancer amphora stats show a --listener l
loadbalancer amphora failover a --wait
loadbalancer amphora configure
--os-region-name r loadbalancer list
--debug loadbalancer list
-x loadbalancer list
--version
help loadbalancer list
help
`
  .trim()
  .split('\n');

/** Words at blanks; quotes hold a word together. */
export const wordsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
