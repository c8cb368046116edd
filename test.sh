#!/usr/bin/env bash
# Everything that must hold: installs what is missing, builds with warnings as
# errors under ASan and UBSan, runs all tests, ends with ctest's summary.
#
#   ./test.sh                      all of it
#   ./test.sh -R REGEX [...]       any arguments go to ctest: -R pool, -L unit, ...
#   ./test.sh --preset tsan [...]  another preset: dev, asan (default), tsan, clang
#
# Tests on servers of other versions than this Debian's (-L containers) run where a
# container engine does; tests/support/containers/with-engine ./test.sh starts one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

preset=asan
case "${1:-}" in
  -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; exit 0 ;;
  --preset) preset=${2:?which preset?}; shift 2 ;;
esac

scripts/install-packages.sh test

cores=$(nproc)
# Sanitized compilation takes up to 2 GiB a job: no more jobs than memory allows.
memory_gib=$(awk '/^MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo)
jobs=$((memory_gib / 2 < cores ? memory_gib / 2 : cores))
((jobs > 0)) || jobs=1

echo "== Configuring and building: preset $preset, $jobs jobs"
cmake --preset "$preset" -Wno-dev >/dev/null
NINJA_STATUS='[%f/%t %es] ' cmake --build --preset "$preset" -j "$jobs"

echo "== Running the tests"
# Integration tests hold a lock among themselves; the rest runs beside them.
code=0
ctest --test-dir "build/$preset" --output-on-failure -j "$cores" "$@" || code=$?
missing=$(tests/support/containers/images --missing | paste -sd' ')
if [[ -n $missing ]]; then
  cat <<WORDS

LEFT OUT: no container image of $missing is here, so nothing was tested on that
(as root: tests/support/containers/with-engine ./test.sh).
WORDS
fi
exit "$code"
