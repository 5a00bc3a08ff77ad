#!/usr/bin/env bash
# Builds the page to play with and uses it in headless Chromium as a person would: every control must change what it says it
# does, the digests and scores that it shows must be those of the command for the files that it offers, the console must be
# silent, no request may go out, and nothing may stick out of a phone's screen. Then runs every golden case that is a network
# with the command as WebAssembly: its digest must be that of the command of this machine.
#
#   tools/wasm-test.sh [PICTURES]
#
# Leaves pictures of the page, light and dark, at the widths of a desk and of a phone. QUENCHED names the command, built if it
# is not given. Needs Node.js; Chromium is Debian's package. What one part needs and is not there, it says that it skips.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pictures=${1:-$work/pictures}
mkdir -p "$pictures"

if ! command -v node >/dev/null; then
  echo '*** SKIPPED: there is no Node.js here: neither the page nor the golden networks were tested. ***'
  exit 0
fi
if [ -z "${QUENCHED:-}" ]; then
  cargo build --release --locked
  QUENCHED=${CARGO_TARGET_DIR:-target}/release/quenched
fi
QUENCHED=$(realpath "$QUENCHED")
failed=0

chromium=$(command -v chromium || command -v chromium-browser || true)
if [ -z "$chromium" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update && apt-get install -y --no-install-recommends chromium fonts-dejavu-core; } >"$work/apt.log" 2>&1 ||
    tail -5 "$work/apt.log"
  chromium=$(command -v chromium || true)
fi
tools/wasm.sh "$work"
if [ ! -f "$work/playground.html" ]; then
  echo '*** SKIPPED: the page could not be built, and was NOT tested. ***'
elif [ -z "$chromium" ]; then
  echo '*** SKIPPED: there is no Chromium here, and it cannot be installed: the page was NOT tested. ***'
else
  timeout 900 node tools/wasm-test.js "$work/playground.html" "$chromium" "$QUENCHED" "$work" "$pictures" || failed=1
fi

tools/wasm.sh --command "$work"
if [ ! -f "$work/quenched.wasm" ]; then
  echo '*** SKIPPED: the command could not be built: no golden network was run as WebAssembly. ***'
  exit "$failed"
fi
# The digest in what `quenched run --json` printed.
digest() { sed -n 's/^ *"digest": "\([0-9a-f]*\)",\{0,1\}$/\1/p'; }
compared=0
compare() {
  local name=$1 here there
  shift
  here=$("$QUENCHED" run "$@" --json --quiet | digest)
  there=$(node --no-warnings tools/wasi.js "$work/quenched.wasm" ".:$work" run "$@" --json --quiet | digest)
  if [ -z "$here" ] || [ "$here" != "$there" ]; then
    echo "FAILED: $name: ${here:-no digest} here, ${there:-no digest} as WebAssembly"
    failed=1
  fi
  compared=$((compared + 1))
}
# Recordings of networks of Loihi and Xylo bring their input along; those of other formats are no networks.
for case in tests/golden/*/*.json; do
  if grep -Eq '"(neuro-golden/1|nengo-loihi-golden/1|brian2loihi-golden/1|xylo-golden-1)"' "$case"; then
    compare "$case" "$case"
  fi
done
# Graphs get a spike on their first channel now and then.
{ echo tick,channel; for tick in 0 3 4 9 11 12 13 20 28; do echo "$tick,0"; done; } >"$work/events.csv"
for graph in tests/golden/nir/*.nir; do
  compare "$graph" "$graph" --chip ideal --steps 40 --input "$work/events.csv"
done
echo "$compared golden networks were run as WebAssembly"
[ "$compared" -ge 12 ] || { echo "FAILED: too few golden networks were found"; failed=1; }
exit "$failed"
