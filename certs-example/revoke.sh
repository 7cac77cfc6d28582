#!/bin/bash
# Revokes a certificate and writes the new revocation list, DIR/trust/crl.pem.
# Usage: certs-example/revoke.sh DIR SERIAL|CERTIFICATE     SERIAL in hex, as `openssl x509 -serial` prints it.
set -euo pipefail
umask 077
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/pki.sh"

[ $# -eq 2 ] || { echo "usage: revoke.sh DIR SERIAL|CERTIFICATE" >&2; exit 2; }
[ -s "$1/ca/index.txt.attr" ] || { echo "revoke.sh: \`$1\` holds no example PKI" >&2; exit 1; }
pki=$(realpath "$1")
if [ -f "$2" ]; then
  serial=$(openssl x509 -in "$2" -noout -serial | cut -d= -f2)
else
  serial=${2^^}
fi
[[ $serial =~ ^[0-9A-F]+$ ]] || { echo "revoke.sh: \`$2\` is neither a file nor a serial number" >&2; exit 2; }

exec 9>"$pki/.lock"
flock 9
cd "$pki/ca"
[ $((${#serial} % 2)) -eq 0 ] || serial=0$serial
[ -s "issued/$serial.pem" ] || { echo "revoke.sh: no certificate with serial \`$serial\`" >&2; exit 1; }
if ! awk -F'\t' -v s="$serial" '$4 == s && $1 == "R" { found = 1 } END { exit !found }' index.txt; then
  SAN=unused openssl ca -config openssl.cnf -revoke "issued/$serial.pem" 2>/dev/null
fi
write_crl "$pki/ca" "$pki/trust/crl.pem"
echo "revoked $serial"
