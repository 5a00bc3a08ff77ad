"""What several tests share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]

#: Tick and channel, for `examples/network.toml`.
EVENTS = np.stack([np.arange(0, 100_000, 500), np.arange(200) % 24], axis=1)


def command(*words: str, cwd: Path) -> str:
    """What the command prints on standard output."""
    done = subprocess.run([sys.executable, "-m", "quenched", *words], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(call: Any, kind: type[BaseException], *texts: str) -> BaseException:
    """The call raises an error of this kind whose message has these texts."""
    with pytest.raises(kind) as caught:
        call()
    for text in texts:
        assert text in str(caught.value), str(caught.value)
    return caught.value
