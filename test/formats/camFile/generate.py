"""Writes CAM files of every writer for the property tests: python generate.py OUT COUNT SEED.

OUT gets a folder of files and cases.json, which says of each file the numbers that its arrays have, in C order.
"""
import collections
import json
import os
import pickle
import random
import sys

import numpy as np
import torch

out, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(1)
draw = random.Random(seed)
numbers = np.random.default_rng(seed)

FLOATS = ["float16", "float32", "float64", ">f4", ">f8", ">f2"]
WHOLES = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", ">i4", ">u2", "bool"]
TENSORS = ["float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]
WRITERS = ["npy", "npy-ids", "npy-object", "npz", "npz-deflated", "npz-keys", "pickle", "torch", "torch-old", "torch-pickle"]


def laid_out(values, order):
    """The same numbers in another order of memory; returns a view where that is what people have."""
    if order == "C":
        return np.ascontiguousarray(values)
    if order == "F":
        return np.asfortranarray(values)
    if order == "transposed" and values.ndim > 1:
        axes = list(range(values.ndim))
        draw.shuffle(axes)
        back = np.argsort(axes)
        return np.ascontiguousarray(values.transpose(axes)).transpose(back)
    if order == "reversed":
        return np.ascontiguousarray(values[..., ::-1])[..., ::-1]
    if order == "strided":
        wide = np.zeros(values.shape[:-1] + (2 * values.shape[-1],), values.dtype)
        wide[..., ::2] = values
        return wide[..., ::2]
    if order == "part":
        wide = np.zeros(tuple(side + 1 for side in values.shape), values.dtype)
        inner = tuple(slice(1, None) for _ in values.shape)
        wide[inner] = values
        return wide[inner]
    return values


def values_of(shape, kind):
    if kind == "bool":
        return numbers.integers(0, 2, shape).astype(bool)
    kind = np.dtype(kind)
    if kind.kind == "f":
        return numbers.random(shape).astype(kind)
    return numbers.integers(0, 100, shape).astype(kind)


def tensor_of(shape, kind, order):
    dtype = getattr(torch, kind)
    if kind == "bool":
        made = torch.from_numpy(numbers.integers(0, 2, shape)).to(dtype)
    elif dtype.is_floating_point:
        made = torch.from_numpy(numbers.random(shape)).to(dtype)
    else:
        made = torch.from_numpy(numbers.integers(0, 100, shape)).to(dtype)
    if order == "transposed" and len(shape) > 1:
        made = made.transpose(-1, -2).contiguous().transpose(-1, -2)
    if order in ("strided", "part"):
        wide = torch.zeros(*shape[:-1], shape[-1] * 2, dtype=dtype)
        wide[..., ::2] = made
        made = wide[..., ::2]
    if draw.random() < 0.1 and dtype.is_floating_point:
        made = torch.nn.Parameter(made)
    return made


def plain(array):
    if isinstance(array, torch.Tensor):
        return array.detach().to(torch.float64).numpy()
    return np.asarray(array).astype("float32").astype("float64")


def container(array_of, classes, shape, one, proto):
    """An object as people pickle it, the maps in its order, and what the classes are called."""
    kind = draw.choice(["array", "keys", "classes", "texts", "list", "default", "ordered", "extras"])
    if one and kind in ("array", "list"):
        kind = "keys"
    stack = lambda: array_of(shape)
    single = lambda: array_of(shape[1:])
    if kind == "array":
        maps = stack()
        return maps, plain(maps), None, False
    if kind in ("keys", "extras"):
        maps = stack()
        keys = draw.choice([np.array(classes), np.array(classes, "float64"), list(classes), tuple(classes), torch.tensor(classes)])
        value = {"keys": keys, draw.choice(["cam", "high_res", "attn_highres", "scores"]): maps}
        if kind == "extras":
            value["name"] = draw.choice([np.str_("2007_000032"), "2007_000032", np.bytes_(b"x"), np.datetime64("2020-01-01")])
            value["names"] = np.array(["a", "bc"])
            value["size"] = draw.choice([(3, 4), np.float32(1.5), np.array(7), None])
        return value, plain(maps), classes, False
    maps = [single() for _ in classes]
    flat = np.stack([plain(one) for one in maps]) if maps else np.zeros((0, 0, 0))
    if kind == "list":
        return draw.choice([list, tuple])(maps), flat, None, False
    name = {"classes": int, "default": int, "ordered": int, "texts": lambda key: draw.choice([str, np.str_])(key)}[kind]
    pairs = [(name(key), value) for key, value in zip(classes, maps)]
    if kind == "default":
        value = collections.defaultdict(dict)
        value.update(pairs)
    else:
        value = collections.OrderedDict(pairs) if kind == "ordered" else dict(pairs)
    return value, flat, classes, kind == "texts"


def case(index):
    writer = draw.choice(WRITERS)
    classes = sorted(draw.sample(range(90), draw.choice([1, 1, 2, 3, 5])))
    if draw.random() < 0.3:
        draw.shuffle(classes)
    shape = (len(classes), draw.randint(1, 5), draw.randint(1, 6))
    order = draw.choice(["C", "F", "transposed", "reversed", "strided", "part"])
    kind = draw.choice(FLOATS + WHOLES)
    tensors = writer.startswith("torch")
    kind = draw.choice(TENSORS) if tensors else kind
    proto = draw.randint(2 if tensors else 0, 5)
    array_of = (lambda sides: tensor_of(sides, kind, order)) if tensors else (lambda sides: laid_out(values_of(sides, kind), order))
    says = f"{writer} {kind} {order} protocol {proto}"
    ids, named = None, False
    file = os.path.join("files", f"{index}." + {"npy": "npy", "npz": "npz", "pic": "pkl", "tor": "pt"}[writer[:3]])
    path = os.path.join(out, file)
    hwc = False
    if writer in ("npy", "npy-ids"):
        hwc = writer == "npy" and draw.random() < 0.3
        batch = writer == "npy" and draw.random() < 0.2
        maps = values_of(shape, kind)
        stored = maps.transpose(1, 2, 0) if hwc else maps
        stored = laid_out(stored[None] if batch else stored, order)
        with open(path, "wb") as f:
            np.lib.format.write_array(f, stored, version=draw.choice([(1, 0), (2, 0), (3, 0)]))
            if writer == "npy-ids":
                np.save(f, np.array(classes, draw.choice(["int64", "int32", "uint8"])))
                ids, named = classes, True
        flat = plain(maps)
    elif writer in ("npz", "npz-deflated", "npz-keys"):
        if writer == "npz-keys":
            maps = array_of(shape)
            arrays, flat, ids = {"keys": np.array(classes), "cam": maps}, plain(maps), classes
        else:
            maps = [array_of(shape[1:]) for _ in classes]
            prefix = draw.choice(["", "class_", "cls"])
            arrays = {f"{prefix}{key}": one for key, one in zip(classes, maps)}
            flat, ids, named = np.stack([plain(one) for one in maps]), classes, True
        (np.savez_compressed if writer == "npz-deflated" else np.savez)(path, **arrays)
    else:
        one = len(classes) == 1
        value, flat, ids, named = container(array_of, classes, shape, one, proto)
        if writer == "npy-object":
            whole = np.empty((), object)
            whole[()] = value
            with open(path, "wb") as f:
                np.lib.format.write_array_header_1_0(f, {"descr": "|O", "fortran_order": False, "shape": ()})
                pickle.dump(whole, f, protocol=proto)
        elif writer == "pickle" or writer == "torch-pickle":
            path, file = path.replace(".pt", ".pkl"), file.replace(".pt", ".pkl")
            with open(path, "wb") as f:
                pickle.dump(value, f, protocol=proto)
        else:
            torch.save(value, path, pickle_protocol=proto, _use_new_zipfile_serialization=writer == "torch")
        says += f" {type(value).__name__}"
    return {
        "file": file,
        "says": says,
        "shape": list(flat.shape),
        "numbers": [float(x) for x in flat.ravel()],
        "classes": ids,
        "named": named,
        "axes": "hwc" if hwc else "chw",
    }


os.makedirs(os.path.join(out, "files"), exist_ok=True)
with open(os.path.join(out, "cases.json"), "w") as f:
    json.dump([case(index) for index in range(count)], f)
