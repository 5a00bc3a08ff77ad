#!/usr/bin/env bash
# Builds the page to play with: the kernel as WebAssembly within one HTML file that asks no server for anything.
#
#   tools/wasm.sh OUT          writes OUT/playground.html
#   tools/wasm.sh --command OUT    writes OUT/quenched.wasm: the command for a runtime of WASI, which the tests use
#
# The target is installed with rustup where there is one; elsewhere a compiler that has its library is needed, such as that
# of Debian's rustc-web and libstd-rust-web-dev. Without either it says that it skips.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { printf '*** SKIPPED: %s: nothing was built for WebAssembly. ***\n' "$*" >&2; exit 0; }

command=false
if [ "${1:-}" = --command ]; then
  command=true
  shift
fi
out=${1:?give a directory for what is built}
target=$([ $command = true ] && echo wasm32-wasip1 || echo wasm32-unknown-unknown)

has_target() { [ -d "$("$1" --print sysroot)/lib/rustlib/$target/lib" ]; }
compiler=$(rustup which rustc 2>/dev/null || command -v rustc || true)
[ -n "$compiler" ] || skip 'there is no Rust toolchain'
if ! has_target "$compiler"; then
  if command -v rustup >/dev/null; then
    rustup target add "$target" || skip "rustup cannot install $target here"
  else
    skip "this compiler has no library for $target (with rustup: rustup target add $target)"
  fi
fi

mkdir -p "$out"
built=${CARGO_TARGET_DIR:-target}/$target/wasm
if [ $command = true ]; then
  cargo build --locked --profile wasm --target "$target" -p quenched --no-default-features
  cp "$built/quenched.wasm" "$out/quenched.wasm"
  echo "$out/quenched.wasm: $(wc -c <"$out/quenched.wasm") bytes"
  exit 0
fi
# As a library that is loaded: what Rust programs would link, the profile could not optimise as a whole.
cargo rustc --locked --profile wasm --target "$target" -p quenched-wasm --lib --crate-type cdylib

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
page=tools/playground
# The parts stand in for lines of the page that say which.
{ echo '<style>'; cat $page/style.css; echo '</style>'; } >"$work/style"
{
  echo '<script type="text/plain" id="kernel">'
  gzip -9nc "$built/quenched_wasm.wasm" | base64 -w 120
  echo '</script>'
  echo '<script type="text/plain" id="worker">'
  cat $page/worker.js
  echo '</script>'
} >"$work/kernel"
{ echo '<script>'; cat $page/draw.js; grep -v '^"use strict";$' $page/page.js; echo '</script>'; } >"$work/script"
sed -e "/^<!-- style -->\$/{r $work/style
d}" -e "/^<!-- kernel -->\$/{r $work/kernel
d}" -e "/^<!-- script -->\$/{r $work/script
d}" $page/index.html >"$work/playground.html"
mv "$work/playground.html" "$out/playground.html"
echo "$out/playground.html: $(wc -c <"$out/playground.html") bytes, kernel of $(wc -c <"$built/quenched_wasm.wasm")"
