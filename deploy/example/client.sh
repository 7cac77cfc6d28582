#!/usr/bin/env bash
# Writes the client configuration of one person of an agency and prints its path.
# usage: deploy/example/client.sh RUN_FOLDER AGENCY ROLE [PERSON]     (PERSON: another than the first who holds the role)
set -euo pipefail
umask 077
home=$(cd "$(dirname "$0")/../.." && pwd)
run=$(cd "${1:?run folder}" && pwd) agency=${2:?agency} role=${3:?role}
person=${4:-$(awk -v a="$agency" -v r="$role" '$1 == a && $3 == r { print $2; exit }' "$home/certs-example/people.txt")}
[ -n "$person" ] || { echo "client.sh: nobody at $agency is $role" >&2; exit 1; }
# The log's keys as the agents' file has them: the one in use, or a list with earlier ones, VKEY@SIZE.
log_vkey=$(awk '!/^#/ && NF { keys = keys (n++ ? ", " : "") $1 (NF > 1 ? "@" $2 : "") } END { print (n > 1 ? "[" keys "]" : keys) }' \
  "$run/pki/trust/log.vkey")
mkdir -p "$run/clients"
cat >"$run/clients/$agency.$role.$person.yaml" <<YAML
broker: localhost:$(cat "$run/broker/port")
broker_peer: spiffe://derwent.example/broker/one
agent: localhost:$(cat "$run/agents/$agency/port")
agent_peer: spiffe://derwent.example/agency/$agency/agent/*
ca: ../pki/trust/ca.pem
certificate: ../pki/agencies/$agency/people/$person.pem
key: ../pki/agencies/$agency/people/$person.key
log_vkey: $log_vkey
quorum: ../quorum.policy
origin: derwent.example/log
agency: $agency
YAML
echo "$run/clients/$agency.$role.$person.yaml"
