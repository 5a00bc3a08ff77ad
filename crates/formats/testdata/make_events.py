"""Writes events.npz: a list of three events, as pixels and as channels."""
import numpy as np

np.savez(
    "events.npz",
    t=np.array([0, 10, 10], "<i8"),
    x=np.array([1, 2, 33], "<u2"),
    y=np.array([0, 5, 29], "|u1"),
    p=np.array([0, 1, 1], "|u1"),
    id=np.array([4, 0, 9], "<i4"),
)
