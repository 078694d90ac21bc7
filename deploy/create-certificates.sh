#!/bin/sh
# Makes what controllers and amphorae prove themselves with, each authority with an intermediate one below a root:
#
#   create-certificates.sh /etc/octavia/certs
#
# The passphrase of the key that the controller signs with is taken from CA_PASSPHRASE. What is there already stays. The keys of the
# roots lie in the folder "roots": they sign nothing from day to day and belong elsewhere.
set -eu
umask 077
folder=${1:?"Usage: $0 <folder>"}
: "${CA_PASSPHRASE:?"Set CA_PASSPHRASE: the controller unlocks its key with it ([certificates] ca_private_key_passphrase)."}"
export CA_PASSPHRASE
years=10
days=$((years * 365))
private=$folder/private roots=$folder/roots
if [ -e "$folder/server_ca.cert.pem" ]; then
  echo "$folder/server_ca.cert.pem is there: nothing is changed." >&2
  exit 0
fi
mkdir -p "$private" "$roots"
chmod 755 "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf '%s\n' "$@"; }

# root NAME: a key and its certificate, signed by itself
root() {
  openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out "$roots/$1.key.pem"
  openssl req -x509 -new -key "$roots/$1.key.pem" -subj "/O=Octavia/CN=$1 root" -days "$days" -sha256 \
    -addext keyUsage=critical,keyCertSign,cRLSign -out "$roots/$1.cert.pem"
}

# issue NAME SUBJECT KEY SIGNER SIGNER_KEY [LINE...]: a certificate for the key, with the extensions of the lines
issue() {
  name=$1 subject=$2 key=$3 signer=$4 signer_key=$5
  shift 5
  say "$@" > "$work/$name.ext"
  openssl req -new -key "$key" -passin env:CA_PASSPHRASE -subj "/O=Octavia/CN=$subject" -out "$work/$name.csr"
  openssl x509 -req -in "$work/$name.csr" -CA "$signer" -CAkey "$signer_key" -passin env:CA_PASSPHRASE -CAcreateserial \
    -CAserial "$work/$name.srl" -days "$days" -sha256 -extfile "$work/$name.ext" -out "$work/$name.pem" 2> /dev/null
}

authority='basicConstraints=critical,CA:TRUE,pathlen:0'
signs='keyUsage=critical,keyCertSign,cRLSign'

root server_ca
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -aes256 -pass env:CA_PASSPHRASE -out "$private/server_ca.key.pem"
issue server_ca 'server_ca' "$private/server_ca.key.pem" "$roots/server_ca.cert.pem" "$roots/server_ca.key.pem" "$authority" "$signs"

root client_ca
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out "$roots/client_ca_intermediate.key.pem"
issue client_ca 'client_ca' "$roots/client_ca_intermediate.key.pem" "$roots/client_ca.cert.pem" "$roots/client_ca.key.pem" \
  "$authority" "$signs"

openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work/client.key"
issue client 'octavia controller' "$work/client.key" "$work/client_ca.pem" "$roots/client_ca_intermediate.key.pem" \
  'basicConstraints=CA:FALSE' 'extendedKeyUsage=clientAuth'

# The one that says that all are made comes last.
cat "$work/client.pem" "$work/client.key" > "$private/client.cert-and-key.pem"
cat "$work/client_ca.pem" "$roots/client_ca.cert.pem" > "$folder/client_ca.cert.pem"
cat "$work/server_ca.pem" "$roots/server_ca.cert.pem" > "$folder/server_ca-chain.cert.pem"
cat "$work/server_ca.pem" > "$folder/server_ca.cert.pem"
chmod 644 "$folder"/*.cert.pem
chmod 755 "$private"
