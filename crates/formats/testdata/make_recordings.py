"""Makes the files in `recordings`: the same 60 events in every format, by encoders that are not those of the tests.

Needs numpy, h5py, expelliarmus (DAT, EVT 2.0), event_stream (Event Stream) and dv-processing (AEDAT 4).
"""

import event_stream
import h5py
import numpy as np
import dv_processing as dv
from expelliarmus import Wizard

COUNT, SIDE = 60, 34
rng = np.random.default_rng(7)
# Longer than the 16.8 s of a clock of 24 bits.
t = np.sort(rng.integers(0, 20_000_000, COUNT)).astype(np.int64)
t[:4] = t[0]
x, y, p = rng.integers(0, SIDE, COUNT), rng.integers(0, SIDE, COUNT), rng.integers(0, 2, COUNT)
np.savetxt("recordings/events.csv", np.stack([t, x, y, p], 1), fmt="%d", delimiter=",", header="t,x,y,p", comments="")

events = np.zeros(COUNT, np.dtype([("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("p", "u1")]))
events["t"], events["x"], events["y"], events["p"] = t, x, y, p
for encoding, name in [("dat", "events.dat"), ("evt2", "evt2.raw")]:
    Wizard(encoding=encoding).save(fpath=f"recordings/{name}", arr=events)

stream = np.zeros(COUNT, dtype=event_stream.dvs_dtype)
# A byte for each 127 us: a hundredth of the time is short enough.
stream["t"], stream["x"], stream["y"], stream["on"] = t // 100, x, y, p.astype(bool)
with event_stream.Encoder("recordings/events.es", "dvs", SIDE, SIDE) as encoder:
    encoder.write(stream)

for name in ["NONE", "LZ4", "ZSTD"]:
    config = dv.io.MonoCameraWriter.EventOnlyConfig("camera", (SIDE, SIDE), getattr(dv.CompressionType, name))
    writer = dv.io.MonoCameraWriter(f"recordings/{name.lower()}.aedat4", config)
    store = dv.EventStore()
    for i in range(COUNT):
        store.push_back(int(t[i]), int(x[i]), int(y[i]), bool(p[i]))
    writer.writeEvents(store)
    del writer

np.savez("recordings/records.npz", events=events)
aligned = np.zeros(COUNT, np.dtype([("p", "?"), ("t", "<u4"), ("x", ">u2"), ("y", "<i8")], align=True))
aligned["p"], aligned["t"], aligned["x"], aligned["y"] = p, t, x, y
np.save("recordings/aligned.npy", aligned)
np.save("recordings/rows.npy", np.stack([x, y, t, p], 1))
np.save("recordings/columns.npy", np.asfortranarray(np.stack([x, y, t, p], 1).astype(float)))
np.savez("recordings/seconds.npz", times=t / 1e6, units=x)

with h5py.File("recordings/shd.h5", "w") as file:
    spikes = file.create_group("spikes")
    times = spikes.create_dataset("times", (3,), dtype=h5py.vlen_dtype(np.float16))
    units = spikes.create_dataset("units", (3,), dtype=h5py.vlen_dtype(np.uint16))
    for sample, count in enumerate([4, 0, 2]):
        times[sample] = (np.arange(count) / 8 + 0.25 * sample).astype(np.float16)
        units[sample] = 100 * np.arange(count) + sample
    file.create_dataset("labels", data=np.array([3, 1, 4]))
