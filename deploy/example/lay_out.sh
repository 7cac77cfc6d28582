#!/usr/bin/env bash
# Lays out everything a demo or test needs in one folder: PKI, signed policy, configuration of the broker and of an agent
# for each agency. Idempotent; runs nothing.
# usage: deploy/example/lay_out.sh RUN_FOLDER DERWENT_BINARY BROKER_PORT
set -euo pipefail
umask 077
home=$(cd "$(dirname "$0")/../.." && pwd)
run=${1:?run folder} derwent=${2:?path of the derwent binary} port=${3:?port of the broker}
mkdir -p "$run"
run=$(cd "$run" && pwd)
people=$home/certs-example/people.txt

"$home/certs-example/make.sh" "$run/pki" >/dev/null
agencies=$(awk '!/^#/ && NF { print $1 }' "$people" | sort -u)
awk '$3 == "signatory" { print $1, $2 }' "$people" >"$run/signatories"

# The policy: copied, listed, and signed by every agency's signatory, each agreement by those who are party to it.
if [ ! -f "$run/policy/MANIFEST" ]; then
  rm -rf "$run/policy"
  cp -R "$home/policy/derbyshire" "$run/policy"
  # A demo or test cannot wait for a working day: DERWENT_ANSWER_SLOT (for instance `5s`) shortens every answer slot.
  if [ -n "${DERWENT_ANSWER_SLOT:-}" ]; then
    sed -i "s/^answer_slot: .*/answer_slot: \"$DERWENT_ANSWER_SLOT\"/; s/^answer_slot_minutes: .*/answer_slot_minutes: 1/" "$run"/policy/profiles/*.txtpb
  fi
  "$derwent" policy manifest "$run/policy" >/dev/null
  while read -r agency person; do
    signer=(--certificate "$run/pki/agencies/$agency/people/$person.pem" --key "$run/pki/agencies/$agency/people/$person.key")
    "$derwent" policy sign "$run/policy" --bundle "${signer[@]}" 2>/dev/null
    for agreement in marac mash asb_cr fire_safety tb.ncasb tb.ncasb.high_peak tb.soce tb.dsa; do
      grep -qx "parties: \"$agency\"" "$run/policy/agreements/$agreement.txtpb" || continue
      "$derwent" policy sign "$run/policy" --agreement "$agreement" "${signer[@]}" 2>/dev/null
    done
  done <"$run/signatories"
fi

# The witnesses of the ledger: each agency's agent, two of three sectors. DERWENT_QUORUM=none: nobody, written down.
# DERWENT_QUORUM="2 AGENCY AGENCY …": so many of these. Beside them the participant keys of two agencies, which check what
# the ledger says of them; they are in no group, so that nothing waits for them.
participants="dcc.adults police.derbys"
write_quorum() {
  local quorum=${DERWENT_QUORUM:-sectors} agency
  echo "log $(cat "$run/pki/trust/log.vkey")"
  for agency in $participants; do
    echo "witness $agency/participant $(cat "$run/pki/agencies/$agency/participant.vkey")"
  done
  if [ "$quorum" = none ]; then echo "quorum none"; return; fi
  for agency in $agencies; do echo "witness $agency $(cat "$run/pki/agencies/$agency/witness.vkey")"; done
  if [ "$quorum" != sectors ]; then
    printf 'group agencies %s\nquorum agencies\n' "$quorum"
    return
  fi
  cat <<'GROUPS'
group justice any police.derbys probation.em dfrs
group health any icb.qj2 nhs.dhcft da.provider
group local any dcc.adults dcc.childrens cbc rp.housing
group sectors 2 justice health local
quorum sectors
GROUPS
}
[ -f "$run/quorum.policy" ] || write_quorum >"$run/quorum.policy"

mkdir -p "$run/broker"
cat >"$run/broker/broker.yaml" <<YAML
listen: localhost:$port
port_file: port
certificate: ../pki/broker/tls.pem
key: ../pki/broker/tls.key
ca: ../pki/trust/ca.pem
crl: ../pki/trust/crl.pem
database: broker.db
log_key: ../pki/broker/log.key
origin: derwent.example/log
index_key: ../pki/broker/index.key
policy: ../policy
signatories: ../signatories
anchors: ../pki/trust/anchors.json
quorum: ../quorum.policy
operator: dcc.community_safety
metrics: 127.0.0.1:0
YAML

for agency in $agencies; do
  mkdir -p "$run/agents/$agency/system"
  # The agency's own made-up system: its exports or database, and how its agent reads them.
  [ -d "$run/agents/$agency/system/register" ] || cp -R "$home/samples/$agency/register" "$run/agents/$agency/system/register"
  for dump in "$run/agents/$agency/system/register/"*.sql; do # an agency with a database of its own
    db=${dump%.sql}.db
    if [ -f "$dump" ] && [ ! -f "$db" ]; then rm -f "$db.part" && sqlite3 -bail "$db.part" <"$dump" && mv "$db.part" "$db"; fi
  done
  participant=
  if [[ " $participants " == *" $agency "* ]]; then
    participant="\"participant\": {\"key\": \"../../pki/agencies/$agency/participant.key\", \"every_millis\": 1000},"
  fi
  system=$(sed -E 's#"(file|mapping|join|sqlite)": "#&system/register/#g' "$home/samples/$agency/register/system.json")
  # Its exports that become referrals: a file called …NAME.csv is read under samples/AGENCY/NAME.mapping.json.
  mappings=
  for mapping in "$home/samples/$agency/"*.mapping.json; do
    [ -f "$mapping" ] || continue
    name=$(basename "$mapping" .mapping.json)
    mappings+="${mappings:+, }\"$name.csv\": \"$mapping\""
  done
  cat >"$run/agents/$agency/agent.json" <<JSON
{
  "agency": "$agency",
  "state_dir": "state",
  "broker": {"target": "localhost:$port", "peer": "spiffe://derwent.example/broker/one"},
  "tls": {"key": "../../pki/agencies/$agency/agent.key", "certificate": "../../pki/agencies/$agency/agent.pem"},
  "trust": {"domain": "derwent.example", "ca": "../../pki/trust/ca.pem", "crl": "../../pki/trust/crl.pem",
            "first_keys": "../../pki/trust/anchors.json", "log_key": "../../pki/trust/log.vkey",
            "signatories": "../../signatories", "bundle_quorum": 2, "quorum": "../../quorum.policy"},
  "signing": {"key": "../../pki/agencies/$agency/signing.key", "certificate": "../../pki/agencies/$agency/signing.pem"},
  "sealing": [{"key": "../../pki/agencies/$agency/sealing.key", "certificate": "../../pki/agencies/$agency/sealing.pem"}],
  "reference_keys": {"general": "../../pki/agencies/$agency/reference-general.key"},
  "directory": "$home/deploy/example/directories/$agency.txtpb",
  "contact": {"role": "spoc", "phone": "01629 496 0000", "email": "spoc@$agency.example"},
  "listen": "localhost:0",
  "port_file": "port",
  "witness": {"key": "../../pki/agencies/$agency/witness.key", "name": "$agency.example/witness",
              "listen": "127.0.0.1:0", "port_file": "witness.port"},
  $participant
  "system": $system,
  "handover": {"folder": "system", "mappings": {$mappings}, "scan_millis": 100, "settle_millis": 0},
  "sync_millis": 500
}
JSON
done
