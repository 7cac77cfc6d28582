#!/usr/bin/env bash
# Fuzzes every target at length. usage: tests/fuzz/run.sh [SECONDS_EACH, default 60]
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
deploy/packages.sh fuzz
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz
for target in build/fuzz/bin/fuzz_*; do
  name=$(basename "$target" | sed 's/^fuzz_//')
  mkdir -p "build/fuzz/corpus/$name"
  echo "== $name for $seconds s"
  "$target" -max_total_time="$seconds" -print_final_stats=1 "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name"
done
