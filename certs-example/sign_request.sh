#!/bin/bash
# Signs a request for a certificate of an agency's signing or sealing key, as the consortium's CA. The names in it are
# for people to compare; what is granted is what the command line says.
# Usage: certs-example/sign_request.sh DIR AGENCY signing|sealing REQUEST CERTIFICATE
set -euo pipefail
umask 077
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/pki.sh"

[ $# -eq 5 ] || { echo "usage: sign_request.sh DIR AGENCY signing|sealing REQUEST CERTIFICATE" >&2; exit 2; }
[ -s "$1/ca/index.txt.attr" ] || { echo "sign_request.sh: \`$1\` holds no example PKI" >&2; exit 1; }
case $3 in signing | sealing) ;; *) echo "sign_request.sh: \`$3\` is neither signing nor sealing" >&2; exit 2 ;; esac
pki=$(realpath "$1")
request=$(realpath "$4")
out=$(realpath -m "$5")
uri=spiffe://$trust_domain/agency/$2/agent/one
openssl req -in "$request" -noout -verify >/dev/null 2>&1 || { echo "sign_request.sh: \`$4\` is not signed by its key" >&2; exit 1; }
openssl req -in "$request" -noout -text | grep -q "URI:$uri\$" || { echo "sign_request.sh: \`$4\` does not name $uri" >&2; exit 1; }

exec 9>"$pki/.lock"
flock 9
cd "$pki/ca"
SAN=URI:$uri openssl ca -batch -notext -config openssl.cnf -extensions "$3" -in "$request" -out "$out.new" >/dev/null 2>&1
mv "$out.new" "$out"
echo "signed $out"
