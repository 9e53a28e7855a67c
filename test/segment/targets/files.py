"""Masks and scores of other programs: `files.py FOLDER` writes them and prints what they say.

Pixel values are ids of a table whose order is another: 7 boat, 2 cat, 5 dog are the indices 1, 2, 3.
"""

import json
import sys
from pathlib import Path

import numpy
from PIL import Image

root = Path(sys.argv[1])
random = numpy.random.default_rng(7)
HEIGHT, WIDTH = 9, 13
INDEX = {0: 0, 7: 1, 2: 2, 5: 3, 255: 255}
COLORS = {0: (0, 0, 0), 7: (10, 20, 30), 2: (200, 0, 0), 5: (0, 0, 250), 255: (224, 224, 192)}


def folder(name):
    (root / name).mkdir(parents=True, exist_ok=True)
    return root / name


def masks():
    ids = random.choice(list(INDEX), size=(HEIGHT, WIDTH)).astype("uint8")
    palette = numpy.zeros((256, 3), "uint8")
    for value, color in COLORS.items():
        palette[value] = color
    indexed = Image.fromarray(ids, "P")
    indexed.putpalette(palette.flatten().tolist())
    indexed.save(folder("masks") / "indexed.png")
    Image.fromarray(ids, "L").save(folder("masks") / "grey.png")
    Image.fromarray(palette[ids], "RGB").save(folder("masks") / "colours.png")
    small = numpy.where(ids == 255, 0, ids)
    few = Image.fromarray(small, "P")
    few.putpalette(palette[:8].flatten().tolist())
    few.save(folder("masks") / "few.png", bits=4)
    index = numpy.vectorize(INDEX.get)
    expected = {name: index(ids).flatten().tolist() for name in ["indexed", "grey", "colours"]}
    return {**expected, "few": index(small).flatten().tolist()}


def target(maps, threshold):
    """Labels and confidence of maps by id; the background has the threshold, or its own map where that is higher."""
    background = numpy.maximum(threshold, maps.get(0, numpy.zeros((HEIGHT, WIDTH), "float32")))
    ids = [0] + [key for key in maps if key != 0]
    stack = numpy.stack([background] + [maps[key] for key in ids[1:]]).astype("float64")
    order = numpy.sort(stack, axis=0)
    highest = order[-1]
    second = order[-2] if len(stack) > 1 else numpy.zeros_like(highest)
    labels = numpy.vectorize(lambda at: INDEX[ids[at]])(stack.argmax(axis=0))
    confidence = numpy.floor(255 * (highest - second) / highest + 0.5)
    return {"labels": labels.flatten().tolist(), "confidence": confidence.flatten().astype(int).tolist()}


def scores(threshold):
    def maps(*ids):
        return {key: random.random((HEIGHT, WIDTH), dtype="float32") for key in ids}

    written = {"one": maps(5), "all": maps(7, 2, 5), "own": maps(0, 2, 5), "none": {}}
    where = folder("scores")
    for name in ["one", "all"]:
        numpy.savez(where / f"{name}.npz", **{str(key): value for key, value in written[name].items()})
    numpy.savez(where / "none.npz")
    with open(where / "own.npy", "wb") as file:
        numpy.save(file, numpy.stack(list(written["own"].values())))
        numpy.save(file, numpy.array(list(written["own"]), "int64"))
    # IRN's dictionaries count the classes from 0: 4 is the class 5.
    irn = maps(5)
    numpy.save(where / "irn.npy", {4: irn[5]}, allow_pickle=True)
    written["irn"] = irn
    return {name: target(value, threshold) for name, value in written.items()}


json.dump({"masks": masks(), "scores": scores(0.4), "size": {"width": WIDTH, "height": HEIGHT}}, sys.stdout)
