#!/usr/bin/env bash
# What deploy/compose.yaml mounts as secrets: an authority, a certificate for each kind of service, the join token, Grafana's
# password. Into deploy/compose/secrets/, which only you can enter; what is there already stays. With openssl.
set -euo pipefail
umask 077
folder=${1:-$(dirname "$0")/secrets}
mkdir -p "$folder"
cd "$folder"
days=365

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"; }
if [ ! -e ca.crt ]; then
  key ca
  openssl req -x509 -new -key ca.key -days $days -subj /CN=duet-ca -out ca.crt \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
fi
certificate() { # NAME USAGE SAN,...
  [ ! -e "$1.crt" ] || return 0
  key "$1"
  openssl req -new -key "$1.key" -subj "/CN=$1" |
    openssl x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -days $days -out "$1.crt" 2>/dev/null -extfile <(
      echo "subjectAltName=$3"
      echo "extendedKeyUsage=$2"
      echo 'keyUsage=critical,digitalSignature'
      echo 'basicConstraints=critical,CA:FALSE'
    )
}
certificate coordinator serverAuth,clientAuth DNS:coordinator
certificate worker serverAuth,clientAuth DNS:worker-1,DNS:worker-2,DNS:worker-3
certificate nats serverAuth DNS:nats,DNS:localhost
# For you, on this machine: may read runs and hear their events (deploy/kubernetes/components/nats/nats.conf).
certificate reader clientAuth DNS:reader
for name in token grafana; do [ -e "$name" ] || openssl rand -hex 32 >"$name"; done
# A container's user reads them through Compose's mount; on this machine nobody gets past the folder.
chmod 0444 ./*.crt coordinator.key worker.key nats.key token grafana
echo "$PWD: $(ls | wc -l) files"
