#!/usr/bin/env bash
# Installs what the tests need, builds, runs every test and prints `N passed, N failed`.
# usage: tests/run.sh [ctest arguments, for instance -R ledger]
set -uo pipefail
cd "$(dirname "$0")/.."
deploy/packages.sh test || exit 1
echo "building (build/release) …"
cmake --preset release >build-configure.log 2>&1 || { cat build-configure.log; exit 1; }
rm -f build-configure.log
cmake --build --preset release || exit 1

report=$(mktemp)
trap 'rm -f "$report"' EXIT
ctest --test-dir build/release --output-on-failure --no-tests=error --timeout 600 "$@" | tee "$report"
failed=$(sed -nE 's/^.*tests passed, ([0-9]+) tests failed out of ([0-9]+).*$/\1/p' "$report")
total=$(sed -nE 's/^.*tests passed, ([0-9]+) tests failed out of ([0-9]+).*$/\2/p' "$report")
if [ -z "$total" ]; then echo "no test ran"; exit 1; fi
echo "$((total - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
