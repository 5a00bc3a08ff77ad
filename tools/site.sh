#!/usr/bin/env bash
# Builds the documentation as a site: the pages of docs/ and those that they link to, the help of every command, and the
# Python and Rust APIs, with a search that needs no server. Open OUT/index.html; nothing is loaded from elsewhere.
#
#   tools/site.sh [OUT]        OUT is target/site if not given; it is made anew
#
# Needs Python 3.11 or later (its standard library alone) and the Rust toolchain. The builder is mdBook; it is installed
# into target/tools once, after which no network is needed. Where it cannot be installed, that is said, and nothing is built.
# SITE_RUST_API=no leaves the Rust API out, which takes the longest.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.5.4
out=${1:-target/site}

skip() {
  printf '*** SKIPPED: the site was NOT built: %s ***\n' "$*" >&2
  exit 0
}

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || skip 'there is no Python 3.11 or later'

target=${CARGO_TARGET_DIR:-target}
mdbook=$target/tools/bin/mdbook
of_version() { [ "$("$1" --version 2>/dev/null)" = "mdbook v$version" ]; }
if command -v mdbook >/dev/null && of_version mdbook; then
  mdbook=mdbook
elif ! of_version "$mdbook"; then
  echo "installing mdBook $version into $target/tools; this takes some minutes, once"
  cargo install mdbook --version "$version" --locked --no-default-features --features search --root "$target/tools" ||
    skip "mdBook $version cannot be installed: without a network, install it once with one"
fi

stage=$target/site-pages
rm -rf "$stage" "$out"
mkdir -p "$(dirname "$out")"
"$python" tools/site/pages.py "$stage"
"$mdbook" build "$stage" --dest-dir "$(cd "$(dirname "$out")" && pwd)/$(basename "$out")"

if [ "${SITE_RUST_API:-yes}" != no ]; then
  # What Rust programs use, and what stands behind it; not the programs and tests.
  cargo doc --no-deps --locked --workspace --lib --exclude quenched --exclude quenched-python --exclude conformance \
    --exclude benches --exclude nmnist
  cp -r "$target/doc" "$out/rust"
fi
echo "the site is in $out: open $out/index.html"
