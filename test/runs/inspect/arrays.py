"""Writes files of arrays as programs of the field do, and prints what NumPy says of them as JSON."""

import json
import sys
from pathlib import Path

import numpy as np
import torch

out = Path(sys.argv[1])
random = np.random.default_rng(0)
maps = random.random((2, 5, 7)).astype("f4")
stack = (random.random((21, 5, 7)) * 9 - 3).astype("f2")
labels = random.choice([0, 3, 255], (5, 7), p=[0.5, 0.3, 0.2]).astype("u1")
np.save(out / "weaktr.npy", {0: maps[0], 14: maps[1]})
np.save(out / "irn.npy", {"keys": np.array([0, 14]), "cam": maps[:, :2, :2], "high_res": maps})
np.savez(out / "ids.npz", **{"1": maps[0], "15": maps[1]})
np.savez(out / "names.npz", bus=maps[0], person=maps[1])
np.savez(out / "unknown.npz", zebrafish=maps[0], teapot=maps[1])
np.save(out / "stack.npy", stack)
np.save(out / "labels.npy", labels)
np.save(out / "empty.npy", {})
np.save(out / "cls_labels.npy", {f"2007_00003{i}": np.eye(20, dtype="f4")[i] for i in range(5)})
torch.save({1: torch.from_numpy(maps[0]), 3: torch.from_numpy(maps[1])}, out / "cams.pt")
print(json.dumps({
    "maps": [float(maps.min()), float(maps.max())],
    "stack": [float(stack.min()), float(stack.max())],
    "labels": {str(id): float((labels == id).mean()) for id in np.unique(labels)},
}))
