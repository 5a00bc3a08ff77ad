"""Makes the lists of connections that the tests of network files read. Run once, with NumPy 2.4; the files are kept."""
import numpy as np

ends = dict(pre=np.array([0, 0, 11], np.int64), post=np.array([1, 0, 1], np.int32))
np.savez("connections_whole.npz", **ends, weight=np.array([256, -128, 1], np.int16))
np.savez("connections_float.npz", **ends, weight=np.array([1.0, -0.5, 2.0**-21], np.float64))
np.savez("connections_short.npz", **ends, weight=np.array([1.0], np.float64))
np.savez("connections_huge.npz", **ends, weight=np.array([1.0, 2048.0, 1.0], np.float64))
