#!/usr/bin/env bash
# Measures the machine's own limits and the broker beside them, in one run. Prints one labelled line a figure.
# usage: tests/bench/run.sh [--only NAME] [--json FILE]     (--only help lists the names)
set -euo pipefail
cd "$(dirname "$0")/../.."
deploy/packages.sh test
mkdir -p build
echo "building (build/release) …" >&2
cmake --preset release -DDERWENT_TESTS=ON >build/configure.log 2>&1 || { cat build/configure.log >&2; exit 1; }
cmake --build --preset release --target derwent derwent-broker derwent-agent derwent_bench derwent_ledger_bench agents_matching_test >build/bench.log 2>&1 || { tail -30 build/bench.log >&2; exit 1; }
exec /usr/bin/python3 tests/bench/bench.py "$@"
