#!/bin/bash
# Makes a complete example PKI, or completes and renews one. See README.md for every file.
# Usage: certs-example/make.sh DIR [--agency ID]... [--people FILE] [--log-name NAME] [--test-bad]
set -euo pipefail
umask 077
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/pki.sh"

usage() {
  echo "usage: make.sh DIR [--agency ID]... [--people FILE] [--log-name NAME] [--test-bad]" >&2
  exit 2
}

pki= people=$here/people.txt log_name=$trust_domain/log test_bad=no
agencies=()
while [ $# -gt 0 ]; do
  case $1 in
    --agency) [ $# -ge 2 ] || usage; agencies+=("$2"); shift 2 ;;
    --people) [ $# -ge 2 ] || usage; people=$2; shift 2 ;;
    --log-name) [ $# -ge 2 ] || usage; log_name=$2; shift 2 ;;
    --test-bad) test_bad=yes; shift ;;
    -*) usage ;;
    *) [ -z "$pki" ] || usage; pki=$1; shift ;;
  esac
done
[ -n "$pki" ] || usage
[ -r "$people" ] || { echo "make.sh: cannot read \`$people\`" >&2; exit 1; }
command -v openssl >/dev/null || { echo "make.sh: openssl is not installed" >&2; exit 1; }
if [ ${#agencies[@]} -eq 0 ]; then
  mapfile -t agencies < <(awk '!/^#/ && NF { print $1 }' "$people" | sort -u)
fi
for agency in "${agencies[@]}"; do
  [[ $agency =~ ^[a-z0-9]+([._-][a-z0-9]+)*$ ]] || { echo "make.sh: \`$agency\` is no agency id" >&2; exit 2; }
done

mkdir -p "$pki"
pki=$(realpath "$pki")
ca=$pki/ca

# One run at a time: two would race on the CA's index.
exec 9>"$pki/.lock"
flock 9

# random_key FILE: 32 random octets, raw.
random_key() {
  [ -s "$1" ] || { mkdir -p "$(dirname "$1")"; openssl rand -out "$1" 32; }
}

make_broker() {
  issue "$ca" server "$pki/broker/tls" "Derwent broker one" \
    "DNS:localhost, IP:127.0.0.1, URI:spiffe://$trust_domain/broker/one" chain
  [ -s "$pki/broker/log.key" ] || openssl genpkey -algorithm ED25519 -out "$pki/broker/log.key"
  random_key "$pki/broker/index.key"
}

# write_vkey KEY NAME TYPE FILE: an Ed25519 verifier key as C2SP prints it: name+hash+base64(type and the public key).
write_vkey() {
  local public hash
  public=$(openssl pkey -in "$1" -pubout -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \n')
  hash=$({ printf '%s\n' "$2"; printf "\\x$3"; printf "$(sed 's/../\\x&/g' <<<"$public")"; } |
    openssl dgst -sha256 -r | cut -c1-8)
  printf '%s+%s+%s\n' "$2" "$hash" \
    "$({ printf "\\x$3"; printf "$(sed 's/../\\x&/g' <<<"$public")"; } | openssl base64 -A)" >"$4"
}

make_agency() {
  local agency=$1 dir=$pki/agencies/$1 uri=spiffe://$trust_domain/agency/$1 enclave
  issue "$ca" agent "$dir/agent" "$agency agent" "DNS:localhost, IP:127.0.0.1, URI:$uri/agent/one" chain
  issue "$ca" client "$dir/console" "$agency system" "URI:$uri/console/one" chain
  issue "$ca" signing "$dir/signing" "$agency signing key" "URI:$uri/agent/one"
  issue "$ca" sealing "$dir/sealing" "$agency sealing key" "URI:$uri/agent/one"
  [ -s "$dir/witness.key" ] || openssl genpkey -algorithm ED25519 -out "$dir/witness.key"
  write_vkey "$dir/witness.key" "$agency.example/witness" 04 "$dir/witness.vkey"
  [ -s "$dir/participant.key" ] || openssl genpkey -algorithm ED25519 -out "$dir/participant.key"
  write_vkey "$dir/participant.key" "$agency.example/witness/participant" 04 "$dir/participant.vkey"
  for enclave in $(enclaves_of "$agency"); do
    [ -s "$dir/reference-$enclave.key" ] || cp "$pki/custodian/reference-$enclave.key" "$dir/reference-$enclave.key"
  done
  while read -r person; do
    issue "$ca" client "$dir/people/$person" "$person" "URI:$uri/person/$person" chain
  done < <(awk -v a="$agency" '!/^#/ && $1 == a { print $2 }' "$people")
}

# Which enclaves' reference keys an agency holds: all of them `general`, the rest by function.
enclaves_of() {
  echo general
  case $1 in
    police.derbys) echo channel nrm sarc ;;
    dcc.childrens | dcc.adults) echo channel nrm ;;
    dcc.community_safety) echo channel nrm ;;
    nhs.dhcft | icb.qj2) echo channel sarc ;;
    probation.em) echo channel ;;
  esac
}

# The out-of-band list of first signing keys, one an agency: what every party pins.
write_anchors() {
  local separator='' agency dir
  {
    printf '{'
    for dir in "$pki"/agencies/*/; do
      agency=$(basename "$dir")
      [ -s "$dir/first-signing-key-id" ] || key_id "$dir/signing.pem" >"$dir/first-signing-key-id"
      printf '%s\n  "%s": "%s"' "$separator" "$agency" "$(cat "$dir/first-signing-key-id")"
      separator=,
    done
    printf '\n}\n'
  } >"$pki/trust/anchors.json.new"
  mv "$pki/trust/anchors.json.new" "$pki/trust/anchors.json"
}

new_authority "$ca"
mkdir -p "$pki/trust" "$pki/broker" "$pki/agencies" "$pki/custodian"
cat "$ca/root.pem" "$ca/issuing.pem" >"$pki/trust/ca.pem"
for enclave in general channel nrm sarc; do random_key "$pki/custodian/reference-$enclave.key"; done
make_broker
write_vkey "$pki/broker/log.key" "$log_name" 01 "$pki/trust/log.vkey" # 0x01: signs notes; 0x04: cosigns them
for agency in "${agencies[@]}"; do make_agency "$agency"; done
write_anchors
write_crl "$ca" "$pki/trust/crl.pem"
if [ "$test_bad" = yes ]; then
  . "$here/test-bad.sh"
  make_bad
fi
find "$pki" -name '*.key' -exec chmod 600 {} +
