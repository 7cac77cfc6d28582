#!/usr/bin/env bash
# Installs the Debian packages that a purpose needs, only if missing; says which and why.
# usage: deploy/packages.sh build|test|fuzz|lint
set -euo pipefail

list() { # package and reason, one a line
  cat <<'TXT'
build g++ compiler
build cmake build description
build ninja-build build runner
build ccache makes rebuilds fast
build mold links fast
build libgrpc++-dev remote calls over mutual TLS
build libprotobuf-dev the contract's messages
build protobuf-compiler generates code from proto/
build protobuf-compiler-grpc generates the services
build libabsl-dev Status, Time and containers
build libssl-dev all cryptography (OpenSSL)
build libsqlite3-dev the embedded store, and agencies' SQLite databases
build libpq-dev agencies' PostgreSQL databases
build sqlite3 makes an example agency's own database; tests look into stores with it
build prometheus-cpp-dev metrics
build libcpp-httplib-dev the witness protocol over HTTP
build pkg-config finds libraries
build libcli11-dev the command line
build nlohmann-json3-dev JSON
build libyaml-cpp-dev configuration and scenarios
build libmimalloc-dev takes and gives back memory fast
build libre2-dev bounded patterns in mapping files
build libcsv-dev agencies' CSV exports
build openssl makes the example certificates
test libgtest-dev GoogleTest
test libgmock-dev GoogleTest's matchers
test python3 layer check and process tests
test python3-grpcio a client in another language
test python3-protobuf a client in another language
test python3-cryptography a client in another language
test postgresql-15 a real database for the sql connector
test weasyprint prints agreements as PDF
test strace injects faults into system calls
fuzz clang-16 compiler with libFuzzer
fuzz libclang-rt-16-dev sanitizer and fuzzer runtimes
fuzz libgtest-dev GoogleTest
fuzz libgmock-dev GoogleTest's matchers
lint clang-16 compiler that checks locks
lint clang-tidy-16 the linter
lint clang-format-14 the formatter
lint libgtest-dev GoogleTest
lint libgmock-dev GoogleTest's matchers
TXT
  # Often there already, and not from Debian.
  command -v node >/dev/null || echo "test nodejs a client in another language"
  command -v npm >/dev/null || echo "test npm installs that client's packages"
}

purpose=${1:?usage: deploy/packages.sh build|test|fuzz|lint}
missing=()
while read -r for_what package reason; do
  [ "$for_what" = build ] || [ "$for_what" = "$purpose" ] || continue
  if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
    echo "  needs $package: $reason"
    missing+=("$package")
  fi
done < <(list)
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo=sudo; else
    echo "packages are missing and this user may not install them; run as root:" >&2
    echo "  apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
fi
export DEBIAN_FRONTEND=noninteractive
${sudo:-} apt-get -o DPkg::Lock::Timeout=600 update -qq
${sudo:-} apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "  installed ${#missing[@]} packages"
