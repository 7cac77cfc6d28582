#!/usr/bin/env bash
# Installs what the tests need, builds, runs every test and prints `N passed, N failed`.
# usage: tests/run.sh [ctest arguments, for instance -R ledger]
set -uo pipefail
cd "$(dirname "$0")/.."
deploy/packages.sh test || exit 1
echo "building (build/release) …"
mkdir -p build
cmake --preset release -DDERWENT_TESTS=ON >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
cmake --build --preset release || exit 1

rm -rf build/release/reports
ctest --test-dir build/release --parallel 2 --output-on-failure --no-tests=error --timeout 900 \
      --output-junit "$PWD/build/release/ctest.xml" "$@"
status=$?
python3 tests/support/count_tests.py build/release || status=1
exit $status
