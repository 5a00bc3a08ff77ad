#!/usr/bin/env bash
# Builds the Python package in an environment of its own, runs its tests and checks its types. Needs Python 3.10 or later with
# `venv`, a Rust toolchain, and a package index; without Python it says that it skips.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
if ! "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    printf 'SKIPPED: the Python package was not tested: there is no Python 3.10 or later with venv\n' >&2
    exit 0
fi
environment=$(mktemp -d)
trap 'rm -rf "$environment"' EXIT
"$python" -m venv "$environment"
"$environment/bin/pip" install --quiet 'maturin>=1.9,<2' 'numpy>=1.24' 'pytest>=8' 'mypy>=1.11' pyright || {
    printf 'SKIPPED: the Python package was not tested: its tools cannot be installed here\n' >&2
    exit 0
}
# What the package can do without; tests of what is not there are skipped.
"$environment/bin/pip" install --quiet --only-binary :all: \
    pandas polars matplotlib scipy 'scikit-learn>=1.6' 'nir>=1.0.6' neo tqdm ||
    printf 'SKIPPED: the tests of other packages: they cannot be installed here\n' >&2
export VIRTUAL_ENV=$environment PATH=$environment/bin:$PATH
cd crates/python
maturin develop --locked
python -m pytest -q
mypy
# It fetches itself when it is first called.
if pyright --version >/dev/null 2>&1; then
    pyright
else
    printf 'SKIPPED: types were checked by mypy alone: pyright cannot be fetched here\n' >&2
fi
