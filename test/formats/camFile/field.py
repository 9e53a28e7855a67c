"""Writes files as people of the field have them, for test/formats/camFile/field.test.ts: python field.py OUT."""
import collections
import os
import pickle
import sys

import numpy as np

os.chdir(sys.argv[1])


def dump(name, value, protocol=5):
    with open(name, "wb") as file:
        pickle.dump(value, file, protocol=protocol)


def turned(maps):
    return np.ascontiguousarray(maps.transpose(1, 2, 0)).transpose(2, 0, 1)


def count(*shape):
    return np.arange(np.prod(shape), dtype="f4").reshape(shape)


dump("turned-keys.pkl", {"keys": np.array([0, 3, 6]), "cam": turned(count(3, 3, 3))})
dump("turned-bare.pkl", turned(count(3, 2, 3)))
dump("turned-two.pkl", {"keys": np.array([0, 3]), "cam": turned(count(2, 2, 3))})
dump("turned-fortran.pkl", np.asfortranarray(count(3, 2, 3)))

two = count(2, 2, 3)
extras = {"name": np.str_("2007_000032"), "names": np.array(["a", "b"]), "bytes": np.array([b"ab"]), "day": np.datetime64("2020-01-01")}
extras.update(days=np.array(["2020-01-01"], "M8[D]"), took=np.timedelta64(3, "s"), record=np.zeros(2, [("x", "f4"), ("y", "i4")]))
for protocol in range(6):
    dump(f"extras-{protocol}.pkl", {"keys": np.array([0, 14]), "high_res": two, **extras}, protocol)
np.save("extras.npy", {"keys": np.array([0, 14]), "high_res": two, **extras})
np.save("str-keys.npy", {np.str_("1"): two[0], np.str_("15"): two[1]})
several = collections.defaultdict(dict)
several.update({0: two[0], 14: two[1]})
np.save("defaultdict.npy", several)

np.save("none-1.npy", {"keys": np.array([])})
np.save("none-2.npy", {"keys": np.array([]), "high_res": np.array([])})
np.save("none-3.npy", {"keys": [], "cam": []})
np.savez("none-4.npz", keys=np.array([]), cam=np.array([]))
