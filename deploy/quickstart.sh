#!/usr/bin/env bash
# From nothing to a running consortium: installs what is missing, builds, makes an example PKI, starts a broker and an agent
# for each of eleven agencies, and tells the story of one referral with real calls.
# usage: deploy/quickstart.sh [--once]      (--once: end after the story and leave nothing running)
# With DERWENT_BIN_DIR set, its programs tell the story in DERWENT_RUN: nothing is installed or built. Tests do so.
set -euo pipefail
cd "$(dirname "$0")/.."
home=$PWD
case $* in
  "") once=no ;;
  --once) once=yes ;;
  *) echo "usage: deploy/quickstart.sh [--once]" >&2; exit 2 ;;
esac
run=${DERWENT_RUN:-$home/run}
mkdir -p build "$(dirname "$run")"
exec 9>"$run.lock"
flock -n 9 || { echo "quickstart.sh is running here already; stop it first" >&2; exit 1; }
bin=${DERWENT_BIN_DIR:-$home/build/release/bin}
SECONDS=0

say() { printf '\n\033[1m%s\033[0m\n' "$*" | { [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && cat || sed 's/\x1b\[[0-9;]*m//g'; }; }
note() { printf '  %s\n' "$*"; }
fail() { printf '\nThe story is not true: %s\n' "$*" >&2; exit 1; }
# Shows a command as a user would type it, runs it, shows its end.
shown() { printf '  $ derwent %s\n' "${*//$home\//}"; }

pids=()
stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for _ in $(seq 100); do # 10 s to end by themselves
    for pid in "${pids[@]}"; do kill -0 "$pid" 2>/dev/null && sleep 0.1 && continue 2; done
    break
  done
  for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null && echo "a program did not end when told to" >&2; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  pids=()
}
trap stop EXIT
trap 'exit 130' INT TERM
trap 'echo "quickstart.sh stopped at line $LINENO; logs are in run/ and build/" >&2' ERR

say "1/4 Packages and build"
build() {
  deploy/packages.sh build
  note "building derwent-broker, derwent-agent and derwent …"
  cmake --preset release -DDERWENT_TESTS=OFF >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
  if ! cmake --build --preset release --target derwent-broker derwent-agent derwent | tee build/build.log | sed -un 's/^\[\([0-9]*\)\/\([0-9]*\)\].*/\1 \2/p' |
    while read -r done all; do [ $((done % 25)) -eq 0 ] && note "$done of $all" || true; done; then
    tail -30 build/build.log >&2
    fail "the build failed; all of it is in build/build.log"
  fi
}
[ -n "${DERWENT_BIN_DIR:-}" ] || build
[ -x "$bin/derwent" ] && [ -x "$bin/derwent-agent" ] && [ -x "$bin/derwent-broker" ] || fail "the build gave no binaries"
note "built after $SECONDS s"

say "2/4 Example PKI, signed policy, configuration (in run/)"
rm -rf "$run"
free_port() { local p; for p in $(shuf -i 20000-29999 -n 50); do (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; return; }; done; }
DERWENT_ANSWER_SLOT=5s deploy/example/lay_out.sh "$run" "$bin/derwent" "$(free_port)"
note "$(wc -l <"$run/signatories") signatories signed the policy and the agreements"
note "nothing is released unless witnesses of two of three sectors cosign the ledger (run/quorum.policy)"

say "3/4 Starting a broker and an agent for each agency"
started() { # NAME PORT_FILE PID
  for _ in $(seq 600); do
    [ -f "$2" ] && return 0
    kill -0 "$3" 2>/dev/null || { tail -3 "$run/$1.log" >&2; fail "$1 did not start"; }
    sleep 0.05
  done
  fail "$1 did not start in time"
}
"$bin/derwent-broker" serve --config "$run/broker/broker.yaml" 2>"$run/broker.log" 9>&- & pids+=($!)
started broker "$run/broker/port" $!
agencies=$(ls "$run/agents")
for agency in $agencies; do
  "$bin/derwent-agent" serve --config "$run/agents/$agency/agent.json" 2>"$run/$agency.log" 9>&- & pids+=($!)
  started "$agency" "$run/agents/$agency/port" $!
done
as() { # AGENCY ROLE ARGUMENTS…: the command line as that person
  local config
  config=$(deploy/example/client.sh "$run" "$1" "$2")
  shift 2
  "$bin/derwent" --config "$config" "$@"
}
for _ in $(seq 300); do # until the police agent has seen every agency's keys and directory
  plan=$(as police.derbys practitioner -o csv referral plan --file samples/police.derbys/da-referral.json 2>/dev/null) || true
  [[ $plan == *RELEASED* && $plan != *ROLE_NOT_ENTITLED* ]] && break
  sleep 0.1
done
note "broker on port $(cat "$run/broker/port"); each agent read its agency's own made-up system (samples/README.md says who is in it):"
for agency in $agencies; do
  held=$(as "$agency" practitioner -o csv status 2>/dev/null | tr -d '"\r' | awk -F, '$2 == "own system" { n[$3] = $4 } END { print n[" people"], n[" problems"] }') || true
  read -r people problems <<<"$held"
  [ "${people:-0}" -ge 8 ] && [ "$problems" = 0 ] || fail "$agency read ${people:-no} people of its own system with ${problems:-?} problems"
  note "  $agency: $people people"
done

push() { # REFERENCE: drops the sample referral into the police system's outgoing folder; prints the share ids
  local folder=$run/agents/police.derbys/system result
  sed "s/RMS-DA-2026-000417/$1/" samples/police.derbys/da-referral.json >"$folder/inbox/$1.json.part"
  mv "$folder/inbox/$1.json.part" "$folder/inbox/$1.json"
  for _ in $(seq 300); do
    for result in "$folder/done/$1.json.result.json" "$folder/failed/$1.json.result.json"; do [ -f "$result" ] && { cat "$result"; return; }; done
    sleep 0.1
  done
  fail "the police agent did not take the file"
}
handed() { ls "$run/agents/$1/system/handover/"*.json "$run/agents/$1/system/handover/done/"*.json 2>/dev/null || true; }
wait_handed() { # AGENCY COUNT
  for _ in $(seq 300); do [ "$(handed "$1" | wc -l)" -ge "$2" ] && return; sleep 0.1; done
  fail "$1 was handed $(handed "$1" | wc -l) of $2 shares"
}
# One hand-over, read from the file that the agency's system finds in its folder.
received() { # AGENCY FILE
  local profile
  profile=$(grep -o '"profile":"[^"]*"' "$2" | awk -F'"' '!n++ { print $4 }')
  echo "    $1 ($profile)"
  grep -oE '"role":"[^"]*","content":\{"category":"[^"]*","form":"[^"]*"' "$2" | awk -F'"' '
    { part = $10; if ($14 != "full") part = part " (" $14 ")"; if (!($4 in got)) order[++n] = $4; got[$4] = got[$4] (got[$4] ? ", " : "") part }
    END { for (i = 1; i <= n; i++) print "      " order[i] ": " got[order[i]] }'
  awk -F, -v a="$1" -v p="$profile" '$2 == p && $4 == a && $7 == "WITHHELD" && !(($6 $9) in seen) { seen[$6 $9]; split($9, why, " "); print "      withheld: " $6 ", " why[1] }' "$run/plan.csv"
}
share_of() { as "$1" "$2" -o csv referral list --in | tr -d '"\r' | awk -F, -v p="$3" '$3 == p && !n++ { print $1 }'; }

say "4/4 The story"
say "(1) Police push a domestic-abuse referral: a victim, her child, an alleged perpetrator"
push RMS-DA-1 >"$run/first.json"
wait_handed dcc.childrens 2
for agency in da.provider dcc.adults probation.em rp.housing dfrs; do wait_handed "$agency" 1; done
as police.derbys practitioner -o csv referral plan --file samples/police.derbys/da-referral.json 2>/dev/null | tr -d '"\r' >"$run/plan.csv" || true
note "what each agency's system was handed (form in brackets where it is not the full one), and what was withheld from it, why:"
for agency in $agencies; do
  handed "$agency" | while IFS= read -r file; do received "$agency" "$file"; done
done
[ "$(received dfrs "$(handed dfrs)" | grep -v withheld)" != "$(received rp.housing "$(handed rp.housing)" | grep -v withheld)" ] || fail "fire and housing received the same"
if grep -rqs -e "Quillfeather" "$run"/agents/*/system/handover; then fail "the protected address reached somebody"; fi
note "the victim's protected address was handed to nobody"
note "the child's record also went to children's services under the child-safeguarding profile (mash)"
mash=$(share_of dcc.childrens mash_manager mash)
[ -n "$mash" ] || fail "no mash share at children's services"

say "(2) One party ends the agreement as of yesterday: the same referral is refused"
give() { "$bin/derwent" policy "$@"; }
sign_as() { # AGENCY COMMAND…
  local p
  p=$(awk -v a="$1" '$1 == a { print $2 }' "$run/signatories")
  local who=$1
  shift
  "$bin/derwent" policy "$@" --certificate "$run/pki/agencies/$who/people/$p.pem" --key "$run/pki/agencies/$who/people/$p.key" 2>/dev/null
}
yesterday=$(date -d yesterday +%F)
shown policy end run/policy --agreement marac --from "$yesterday" --certificate … --key …
sign_as dcc.adults end "$run/policy" --agreement marac --from "$yesterday"
sleep 1
sed 's/RMS-DA-2026-000417/RMS-DA-2/' samples/police.derbys/da-referral.json >"$run/second.json"
for _ in $(seq 100); do
  outcome=$(as police.derbys practitioner -o csv referral plan --file "$run/second.json" 2>/dev/null | tr -d '"\r' | awk -F, '$2 == "marac" { print $NF; exit }') || true
  [[ $outcome == *AGREEMENT_NOT_IN_FORCE* ]] && break
  sleep 0.1
done
shown referral send --file run/second.json
code=0
as police.derbys practitioner -o csv referral send --file "$run/second.json" >"$run/second.csv" 2>"$run/second.err" || code=$?
tr -d '"\r' <"$run/second.csv" | awk -F, '$2 == "marac" && $NF ~ /AGREEMENT_NOT_IN_FORCE/ && !n++ { print "    " $2 " to " $4 ": " $3 "; category " $6 ": " $7 ", because " $NF }'
grep -q AGREEMENT_NOT_IN_FORCE "$run/second.csv" || fail "the referral was not refused for want of an agreement (exit $code)"
note "exit code $code"
note "renewal: revision 2, signed by the parties' signatories"
sed -i 's/^revision: 1/revision: 2/' "$run/policy/agreements/marac.txtpb"
give manifest "$run/policy" >/dev/null
while read -r agency _; do sign_as "$agency" sign "$run/policy" --bundle --agreement marac; done <"$run/signatories"
for _ in $(seq 200); do
  # every recipient's signature must have been taken
  count=$(as police.derbys practitioner -o csv referral plan --file "$run/second.json" 2>/dev/null | tr -d '"\r' | awk -F, '$2 == "marac" && $7 == "RELEASED" { print $4 }' | sort -u | wc -l) || true
  [ "$count" -eq 6 ] && break
  sleep 0.1
done
[ "$count" -eq 6 ] || fail "the renewed agreement lets the referral through to $count of 6 recipients"
push RMS-DA-3 >"$run/third.json"
wait_handed da.provider 2
note "the same referral flows again"

say "(3) A recipient declines with a reason, another accepts and closes with an outcome; police see both"
housing=$(share_of rp.housing practitioner marac)
idva=$(share_of da.provider idva marac)
shown referral decline "$housing" --reason ALREADY_KNOWN
as rp.housing practitioner referral decline "$housing" --reason ALREADY_KNOWN 2>/dev/null
shown referral accept "$idva"
as da.provider idva referral accept "$idva" 2>/dev/null
shown referral close "$idva" --outcome ACTIONS_COMPLETE
as da.provider idva referral close "$idva" --outcome ACTIONS_COMPLETE --note "Safety plan agreed with her." 2>/dev/null
for _ in $(seq 100); do
  as police.derbys practitioner referral list >"$run/seen.txt" 2>/dev/null || true
  grep -q 'declined  *ALREADY_KNOWN' "$run/seen.txt" && grep -q 'closed  *ACTIONS_COMPLETE' "$run/seen.txt" && break
  sleep 0.1
done
grep -E 'declined|closed' "$run/seen.txt" | sed 's/^/    /' || true
grep -q 'declined  *ALREADY_KNOWN' "$run/seen.txt" || fail "police do not see that it was declined, and why"
grep -q 'closed  *ACTIONS_COMPLETE' "$run/seen.txt" || fail "police do not see that it was closed, and with what outcome"

say "(4) The data protection officer finds every share about the victim, opens one decision, proves it, verifies everything"
shown audit person --id nhs:9990000026
as police.derbys dpo -o csv audit person --id nhs:9990000026 | tr -d '"\r' >"$run/person.csv"
awk -F, 'NR > 1 { n[$3]++ } END { for (k in n) printf "    %4d %s\n", n[k], k }' "$run/person.csv" | sort -k2
entry=$(awk -F, 'NR > 1 && $3 == "referral" { print $1; exit }' "$run/person.csv")
[ -n "$entry" ] || fail "no entry about the victim"
shown audit show "$entry"
as police.derbys dpo audit show "$entry" 2>&1 | sed -e '/^field  *name/,/^20 /d' -e '/^$/d' -e 's/^/    /'
shown ledger prove "$entry" --out run/entry.tlog-proof
as police.derbys dpo ledger prove "$entry" --out "$run/entry.tlog-proof" 2>/dev/null
shown ledger open run/entry.tlog-proof --vkey "$(cat "$run/pki/trust/log.vkey")"
"$bin/derwent" ledger open "$run/entry.tlog-proof" --vkey "$(cat "$run/pki/trust/log.vkey")" | tail -1 | sed 's/^/    /'
shown ledger verify --all
as police.derbys dpo ledger verify --all 2>&1 | sed 's/^/    /'
for _ in $(seq 100); do # until the sectors' witnesses came so far, and the two agencies that check their own entries
  as police.derbys dpo ledger cosignatures >"$run/cosignatures.txt" 2>"$run/standing.txt" && grep -q 'has its quorum' "$run/standing.txt" &&
    [ "$(awk '$1 ~ /\/participant$/ && $2 > 0' "$run/cosignatures.txt" | wc -l)" -eq 2 ] && break
  sleep 0.1
done
shown ledger cosignatures
awk 'NR > 1 && $2 > 0 { printf "    %-26s cosigned %d entries\n", $1, $2 }' "$run/cosignatures.txt"
sed 's/^/    /' "$run/standing.txt"
grep -q '^witnessed' "$run/standing.txt" || fail "the ledger has no quorum of witnesses"
note "…/participant: that agency's agent first checked that every entry about it is what it signed or was sent"
shown ledger export run/ledger
as police.derbys dpo ledger export "$run/ledger" 2>&1 | sed "s|$run|run|; s/^/    /"
note "an outsider verifies the files, cosignatures included, with the quorum policy alone, or with any tlog-tiles software:"
shown ledger fsck run/ledger --policy run/quorum.policy
"$bin/derwent" ledger fsck "$run/ledger" --policy "$run/quorum.policy" | sed "s|$run|run|; s/^/    /"
note "one byte of a copy of the database is flipped:"
mkdir -p "$run/copy"
"$bin/derwent-broker" copy --database "$run/broker/broker.db" --to "$run/copy/broker.db"
"$bin/derwent-broker" fsck --database "$run/copy/broker.db" --vkey "$(cat "$run/pki/trust/log.vkey")" | tail -1 | sed 's/^/    before: /'
# One bit of the purpose that an entry committed to.
at=$(grep -abo 'purpose=case.da_safety profile=marac' "$run/copy/broker.db" | awk -F: '!n++ { print $1 + 8 }')
octet=$(od -An -tu1 -j "$at" -N1 "$run/copy/broker.db" | tr -d ' ')
printf "\\x$(printf %02x $((octet ^ 1)))" | dd of="$run/copy/broker.db" bs=1 seek="$at" conv=notrunc status=none
code=0
"$bin/derwent-broker" fsck --database "$run/copy/broker.db" --vkey "$(cat "$run/pki/trust/log.vkey")" >"$run/fsck.txt" 2>&1 || code=$?
tail -1 "$run/fsck.txt" | sed 's/^/    after: /'
[ "$code" -eq 8 ] || fail "the flipped byte was not caught (exit $code)"
note "exit code 8"

say "(5) A fire officer asks adults' services before a home visit: occupancy and oxygen come, the diagnosis does not"
# Opens a case as somebody, asks in it with a sample request as somebody else, waits; prints the request id.
ask() { # AGENCY CONVENOR_ROLE ASKER_ROLE SAMPLE CASE_ARGUMENTS…
  local agency=$1 convenor=$2 asker=$3 sample=$4 case_id
  shift 4
  case_id=$(as "$agency" "$convenor" -o csv case open "$@" 2>"$run/request.err" | first) || true
  sed "s/\"caseId\": \"\"/\"caseId\": \"$case_id\"/" "$sample" >"$run/request.json"
  as "$agency" "$asker" -o csv request send --file "$run/request.json" 2>>"$run/request.err" | first || true
}
answers() { # AGENCY ROLE REQUEST: what that person opens, a line a category; also in run/answer.txt
  as "$1" "$2" -o json request show "$3" >"$run/answer.json" 2>/dev/null || true
  as "$1" "$2" -o csv request show "$3" 2>/dev/null | tr -d '\r' | sed -e 's/^"//' -e 's/"$//' -e 's/","/\t/g' |
    awk -F'\t' 'NR > 1 { print "    " $1 ": " $3 ($4 == "ANSWERED" ? " (" $5 "): " : " " tolower($4) ": ") $6 $7 ($8 ? "; next: " $8 : "") }' | tee "$run/answer.txt"
}
first() { tr -d '"\r' | awk -F, 'NR == 2 { print $1 }'; } # the first value of the first row
request=$(ask dfrs spoc practitioner samples/dfrs/home-visit-request.json --profile fire_safety --area E07000032)
[ -n "$request" ] || { cat "$run/request.err" >&2; fail "the fire officer could not ask"; }
shown request send --file samples/dfrs/home-visit-request.json
as dfrs practitioner request watch "$request" --for 60 >/dev/null 2>&1 || fail "adults' services did not answer"
shown request show "$request"
answers dfrs practitioner "$request"
grep -qi oxygen "$run/answer.txt" || fail "the oxygen flag did not come"

say "(6) A housing officer asks the mental-health trust: its Caldicott Guardian refuses, with the rule and the next step"
request=$(ask rp.housing spoc practitioner samples/rp.housing/asb-request.json --profile tb.ncasb --board tb.ncasb --area E07000034)
[ -n "$request" ] || { cat "$run/request.err" >&2; fail "the housing officer could not ask"; }
approval_of() { # AGENCY ROLE: waits for what is asked of that person, prints its id
  local id
  for _ in $(seq 300); do
    id=$(as "$1" "$2" -o csv request list --approvals 2>/dev/null | first) || true
    [ -n "$id" ] && { echo "$id"; return; }
    sleep 0.1
  done
  fail "nothing is asked of $1's $2"
}
approval=$(approval_of nhs.dhcft caldicott_guardian)
shown request refuse "$approval" --reason CONFIDENCE
as nhs.dhcft caldicott_guardian request refuse "$approval" --reason CONFIDENCE >/dev/null 2>&1 || fail "the guardian could not refuse"
as rp.housing practitioner request watch "$request" --for 60 >/dev/null 2>&1 || true
answers rp.housing practitioner "$request"
grep -q APPROVAL_REFUSED "$run/answer.txt" || fail "housing were not told that the guardian refused"

say "(7) A thematic lead asks four agencies: two answer once their SPOCs agree; who refused and who holds nothing look the same"
request=$(ask dcc.community_safety spoc thematic_lead samples/dcc.community_safety/cuckooing-request.json --profile tb.soce --board tb.soce --area E07000034)
[ -n "$request" ] || { cat "$run/request.err" >&2; fail "the lead could not ask"; }
for agency in police.derbys dcc.adults; do as "$agency" spoc request approve "$(approval_of "$agency" spoc)" >/dev/null 2>&1 || fail "$agency's SPOC could not agree"; done
as cbc spoc request refuse "$(approval_of cbc spoc)" --reason NOT_NECESSARY >/dev/null 2>&1 || fail "the council's SPOC could not refuse"
as dcc.community_safety thematic_lead request watch "$request" --for 120 >/dev/null 2>&1 || fail "not every holder answered"
answers dcc.community_safety thematic_lead "$request"
[ "$(grep -c 'nothing is shared here' "$run/answer.txt")" -ge 4 ] || fail "who refused and who holds nothing should both give the neutral text"
code=0
other=$(awk '$1 == "dcc.community_safety" && $3 == "thematic_lead" { print $2 }' certs-example/people.txt | tail -1)
sed 's/CS-26-101-A/CS-26-101-B/' "$run/request.json" >"$run/other.json"
"$bin/derwent" --config "$(deploy/example/client.sh "$run" dcc.community_safety thematic_lead "$other")" request send --file "$run/other.json" >"$run/other.txt" 2>&1 || code=$?
[ "$code" -ne 0 ] || fail "the lead of another area was not refused"
note "the lead of another area is refused at once: $(grep -oE '[A-Z]+_[A-Z_]+' "$run/other.txt" | awk '!n++'), exit code $code"

say "(8) The holder's data protection officer sees that its record was used, and for what"
shown request list --held
as police.derbys dpo -o csv request list --held 2>/dev/null | tr -d '"\r' |
  awk -F, 'NR > 1 { print "    " $2 " (" $4 " " $3 ") for " $6 ", case " substr($7, 1, 8) "…: " $10 " " $11 ", record " $9 }'

say "The story is true. ($SECONDS s)"
if [ "$once" = yes ]; then exit 0; fi
cat <<TXT

Still running. Try, as each kind of user:
  an agency's system   cp samples/police.derbys/da-referral.json run/agents/police.derbys/system/inbox/   (change its referralRef)
  a practitioner       build/release/bin/derwent --config $(deploy/example/client.sh "$run" dcc.adults practitioner | sed "s#$home/##") referral list --in
  a thematic lead      build/release/bin/derwent --config $(deploy/example/client.sh "$run" dcc.community_safety thematic_lead | sed "s#$home/##") request list
  a data protection officer
                       build/release/bin/derwent --config $(deploy/example/client.sh "$run" police.derbys dpo | sed "s#$home/##") audit search --decision DENY
  a policy lead        build/release/bin/derwent policy explain --policy policy/derbyshire --request samples/request.json
  an operator          tail -f run/broker.log; metrics: the port in its first line
Stop with Ctrl-C.
TXT
wait
