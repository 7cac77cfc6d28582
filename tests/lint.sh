#!/usr/bin/env bash
# Formatting, every header alone under clang, clang-tidy, and the contract under buf. Exit 1 on any finding.
# usage: tests/lint.sh [FILE.cc …]     (without files: all; a whole clang-tidy takes about an hour on two cores)
set -uo pipefail
cd "$(dirname "$0")/.."
deploy/packages.sh lint || exit 1
status=0
say() { printf '== %s\n' "$*"; }

say "formatting"
git ls-files '*.cc' '*.h' | xargs clang-format-14 --dry-run --Werror || status=1
say "include layers"
python3 tests/support/check_layers.py || status=1
say "every header alone, clang with lock annotations"
mkdir -p build
cmake --workflow --preset lint >build/lint.log 2>&1 || { tail -30 build/lint.log; status=1; }
say "clang-tidy"
if [ $# -gt 0 ]; then files=("$@"); else mapfile -t files < <(git ls-files 'trust/*.cc' 'policy/*.cc' 'broker/*.cc' 'agents/*.cc'); fi
printf '%s\0' "${files[@]}" | xargs -0 -P"$(nproc)" -n1 clang-tidy-16 -p build/lint --quiet 2>/dev/null || status=1
say "the contract"
if command -v npx >/dev/null; then
  npx --yes @bufbuild/buf lint || status=1
  npx --yes @bufbuild/buf breaking --against '.git#branch=main' || status=1
else
  echo "npx is not here: buf lint was not run" >&2
  status=1
fi
exit $status
