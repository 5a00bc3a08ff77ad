"""Makes the two archives that the tests of `npz` read. Run once, with NumPy 2.4; the files are kept."""
import numpy as np

arrays = dict(
    i8=np.array([-128, 127], np.int8),
    u8=np.array([0, 255], np.uint8),
    i16=np.array([-32768, 32767], np.int16),
    i32=np.array([-2147483648, 2147483647], np.int32),
    i64=np.array([-9223372036854775808, 9223372036854775807], np.int64),
    u64=np.array([0, 18446744073709551615], np.uint64),
    big=np.array([1, -2, 258], np.dtype(">i4")),
    flag=np.array([True, False]),
    f32=np.array([0.5, -1.25], np.float32),
    f64=np.array([0.1, -3e300], np.float64),
    hole=np.array([1.0, np.nan]),
    empty=np.zeros(0, np.int32),
    scalar=np.int64(7),
    matrix=np.arange(6, dtype=np.int32).reshape(2, 3),
    columns=np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
    text=np.array(["a", "bc"]),
    record=np.zeros(2, [("a", "<i4"), ("b", "<f8")]),
)
np.savez("stored.npz", **arrays)
np.savez_compressed("deflated.npz", **arrays)
