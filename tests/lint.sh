#!/usr/bin/env bash
# Formatting, every header alone under clang, clang-tidy, and the contract under buf. Exit 1 on any finding.
# usage: tests/lint.sh [--changed | FILE.cc …]
#   (nothing)   all files. The first clang-tidy takes about an hour on two cores; a file found clean is then skipped
#               until it, a header of it or .clang-tidy changes
#   --changed   clang-tidy only over sources that differ from the main branch (or whose header does), committed or not
#   FILE.cc …   clang-tidy only over these
set -uo pipefail
cd "$(dirname "$0")/.."
deploy/packages.sh lint || exit 1
status=0
say() { printf '== %s\n' "$*"; }

# What this tree is compared with: the main branch, here or as fetched; without either, the last commit.
base=HEAD
for branch in main origin/main; do
  if git rev-parse --verify --quiet "$branch^{commit}" >/dev/null; then base=$branch; break; fi
done

say "formatting"
git ls-files '*.cc' '*.h' | xargs clang-format-14 --dry-run --Werror || status=1
say "include layers"
python3 tests/support/check_layers.py || status=1
say "every header alone, clang with lock annotations"
mkdir -p build
# This also generates the contract's code, which clang-tidy reads.
cmake --workflow --preset lint >build/lint.log 2>&1 || { tail -30 build/lint.log; status=1; }
say "clang-tidy"
product=(trust policy broker agents)
case ${1:-} in
  "") mapfile -t files < <(git ls-files "${product[@]}" | grep '\.cc$') ;;
  --changed)  # A header by the source of its name.
    mapfile -t files < <(
      { git diff --name-only "$(git merge-base "$base" HEAD)" -- "${product[@]}"
        git ls-files --others --exclude-standard "${product[@]}"; } |
        sed -n 's/\.\(cc\|h\)$/.cc/p' | sort -u | while read -r file; do [ ! -f "$file" ] || echo "$file"; done)
    ;;
  *) files=("$@") ;;
esac
[ ${#files[@]} -eq 0 ] || python3 tests/support/tidy.py build/lint "${files[@]}" || status=1
say "the contract"
for check in reasons contract contract_form contract_wire; do python3 tests/support/check_$check.py || status=1; done
buf=@bufbuild/buf@1.75.0
if command -v npx >/dev/null; then
  npx --yes "$buf" lint || status=1
  before=$(mktemp -d)
  trap 'rm -rf "$before"' EXIT
  if [ -f proto/released.binpb ]; then
    against=proto/released.binpb
    say "the contract against the last release"
  else
    # Where this branch left the main one; on that itself the commit before, unless something is not committed yet.
    since=$(git merge-base "$base" HEAD)
    if [ "$since" = "$(git rev-parse HEAD)" ] && git diff --quiet HEAD -- proto; then
      since=$(git rev-parse --verify --quiet HEAD^ || echo "$since")
    fi
    # A copy of the contract as it was: buf's own `.git#branch=` fails in a worktree and without that branch.
    git archive "$since" buf.yaml proto | tar -x -C "$before"
    against=$before
    say "the contract against commit ${since:0:12}: nothing is released yet"
  fi
  npx --yes "$buf" breaking --against "$against" || status=1
else
  echo "npx is not here: buf was not run" >&2
  status=1
fi
exit $status
