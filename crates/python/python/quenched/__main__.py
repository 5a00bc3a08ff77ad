"""The command ``quenched``: ``python -m quenched study --quick``."""

import signal
import sys

from . import _native


def main() -> int:
    """Run the command with the words of the command line; return its exit status."""
    # The command has its own way with Ctrl-C.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _native.main(["quenched", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
