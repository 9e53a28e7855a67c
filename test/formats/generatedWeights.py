"""Writes checkpoints of every form from a seed: python generatedWeights.py FOLDER COUNT SEED

cases.json says of each what has to be read: names, types and shapes of its tensors with the SHA-256 of their numbers
in C order, the tensors that are not read, what lies beside them, or the code with which it is refused.
"""
import argparse
import collections
import dataclasses
import datetime
import enum
import hashlib
import json
import os
import pathlib
import pickle
import random
import re
import sys
import types
import warnings

import numpy
import torch
from safetensors.torch import save_file

warnings.simplefilter("ignore")

READ = [torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.int32, torch.uint8, torch.bool]
UNREAD = {
    torch.int8: "I8",
    torch.int16: "I16",
    torch.uint16: "U16",
    torch.uint32: "U32",
    torch.uint64: "U64",
    torch.float8_e4m3fn: "F8_E4M3",
    torch.float8_e5m2: "F8_E5M2",
    torch.complex64: "C64",
    torch.complex128: "C128",
}
NAMES = ["patch.weight", "patch.bias", "blocks.0.w", "blocks.0.attn.b", "norm.running_mean", "head.weight", "pos", "größe"]
PREFIXES = ["", "", "", "module.", "model.", "_orig_mod.", "module.model.", "backbone.", "_orig_mod.module."]
WRAPPERS = [[], [], ["model"], ["state_dict"], ["model_state_dict"], ["module"], ["state_dict", "model"]]


class Kind(enum.Enum):
    A = "a"


class Level(enum.IntFlag):
    A = 1
    B = 2


class Easy(dict):
    """A dictionary whose keys are attributes, as config libraries have them."""

    def __init__(self, *parts, **named):
        super().__init__(*parts, **named)
        self.__dict__["frozen"] = True


class Slots:
    __slots__ = ("a",)

    def __init__(self):
        self.a = 1


class Named:
    """Made with arguments by name, which protocol 4 has an operation for."""

    def __new__(cls, *, size):
        return super().__new__(cls)

    def __getnewargs_ex__(self):
        return (), {"size": 3}


@dataclasses.dataclass
class Settings:
    lr: float = 0.1
    path: pathlib.Path = pathlib.Path("runs/one")
    steps: tuple = (1, 2)


Point = collections.namedtuple("Point", "x y")


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(2, 2)


class Attack:
    def __init__(self, call, *args):
        self.made = call, args

    def __reduce__(self):
        return self.made


def numbers(draw, dtype, shape):
    values = torch.tensor([draw.uniform(-9, 9) for _ in range(torch.Size(shape).numel())], dtype=torch.float64)
    values = values.reshape(shape)
    if dtype in (torch.uint8, torch.uint16, torch.uint32, torch.uint64):
        values = values.abs()
    return values > 0 if dtype == torch.bool else values.to(dtype)


def tensor(draw, dtype, others):
    shape = [draw.choice([0, 1, 1, 2, 3, 4]) for _ in range(draw.choice([0, 1, 1, 2, 2, 3, 4]))]
    form = draw.choice(["plain"] * 4 + ["shared", "transposed", "strided", "part", "expanded", "parameter", "tagged", "tied"])
    plain = numbers(draw, dtype, shape)
    if form == "transposed":
        return plain.permute(draw.sample(range(plain.dim()), plain.dim())), form
    if form == "strided":
        return numbers(draw, dtype, [7, 6])[:: draw.choice([1, 2, 3]), draw.choice([0, 1]) :: draw.choice([2, 3])], form
    if form == "part":
        return numbers(draw, dtype, [12])[draw.randrange(12) :], form
    if form == "expanded":
        return numbers(draw, dtype, [1, 3]).expand(draw.choice([1, 2, 5]), 3), form
    if form == "shared" and others:
        other = draw.choice(others)
        return (other.view(other.shape) if other.dim() == 0 else other[draw.randrange(2) :]), form
    if form == "tied" and others:
        return draw.choice(others), form
    if form in ("parameter", "tagged") and (dtype.is_floating_point or dtype.is_complex) and dtype.itemsize > 1:
        made = torch.nn.Parameter(plain)
        if form == "tagged":
            made.kind = "tag"
        return made, form
    return plain, "plain"


def beside(draw, protocol):
    net = torch.nn.Linear(2, 3)
    optimizer = draw.choice([torch.optim.AdamW, torch.optim.SGD])(net.parameters(), lr=0.1)
    net(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [3, 4])
    makers = {
        "optimizer": optimizer.state_dict,
        "lr_scheduler": schedule.state_dict,
        "optimizer_object": lambda: optimizer,
        "schedule_object": lambda: schedule,
        "epoch": lambda: draw.randrange(300),
        "args": lambda: argparse.Namespace(lr=1e-3, out=pathlib.PurePosixPath("a/b"), device=torch.device("cpu"), kind=Kind.A),
        "best": lambda: draw.choice([torch.tensor(0.5), numpy.float64(0.5), numpy.float32(1), numpy.int64(3), numpy.bool_(True)]),
        "longdouble": lambda: numpy.longdouble(1.5),
        "complex": lambda: draw.choice([1j, numpy.complex64(1j), numpy.array([1j])]),
        "numbers": lambda: numpy.arange(6.0).reshape(2, 3),
        "names": lambda: numpy.array(["a", "bc"]),
        "objects": lambda: numpy.array([{"a": 1}, None], dtype=object),
        "record": lambda: numpy.zeros(2, dtype=[("a", "f4"), ("b", "i2")]),
        "numpy_rng": numpy.random.RandomState(1).get_state,
        "numpy_generator": lambda: numpy.random.default_rng(1),
        "python_rng": random.Random(1).getstate,
        "torch_rng": torch.get_rng_state,
        "generator": lambda: torch.Generator(),
        "path": lambda: pathlib.Path("runs/one"),
        "kind": lambda: draw.choice([Kind.A, Level.A | Level.B]),
        "when": lambda: datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc),
        "deque": lambda: collections.deque([1, 2], maxlen=3),
        "counter": lambda: collections.Counter("aab"),
        "default": lambda: collections.defaultdict(list, {"a": [1]}),
        "settings": Settings,
        "point": lambda: Point(1, 2),
        "slots": Slots,
        "named": lambda: Named(size=3) if protocol >= 4 else None,
        "config": lambda: Easy(lr=0.1, inner=Easy(a=[1, 2])),
        "simple": lambda: types.SimpleNamespace(a=1),
        "class": lambda: draw.choice([torch.optim.AdamW, Settings, torch.float16, type(None)]),
        "size": lambda: torch.Size([1, 2]),
        "range": lambda: draw.choice([range(3), slice(1, 2), {1, 2}, frozenset("ab"), b"bytes", bytearray(b"x"), 2**70, -1.5, None]),
        "pattern": lambda: re.compile("a+"),
        "storage": lambda: torch.arange(3.0).untyped_storage() if protocol else None,
    }
    return {name: makers[name]() for name in draw.sample(sorted(makers), draw.randrange(7))}


def case(draw, folder, number):
    writer = draw.choice(["zip", "zip", "zip", "legacy", "legacy", "pickle", "safetensors", "sharded"])
    by_torch = writer in ("zip", "legacy", "pickle")
    protocol = draw.choice([2, 2, 3, 4, 5])
    prefix = draw.choice(PREFIXES)
    held, says = {}, []
    for at, name in enumerate(draw.sample(NAMES, draw.choice([1, 1, 2, 3, 5]))):
        unread = at > 0 and draw.random() < 0.15
        dtype = draw.choice(list(UNREAD)) if unread else draw.choice(READ)
        if not by_torch and dtype == torch.complex128:
            dtype = torch.complex64
        made, form = tensor(draw, dtype, [each for each in held.values() if each.dtype in READ] if not unread else [])
        if not by_torch:
            made = made.detach().clone().contiguous()
        held[name] = made
        says.append(f"{form} {str(made.dtype)[6:]}")
    one = {
        "tensors": {
            name: {"dtype": str(made.dtype)[6:], "shape": list(made.shape), "sha256": digest(made)}
            for name, made in held.items()
            if made.dtype in READ
        },
        "unread": {name: UNREAD[made.dtype] for name, made in held.items() if made.dtype not in READ},
        "aside": [],
    }
    weights = draw.choice([dict, collections.OrderedDict])((prefix + name, made) for name, made in held.items())
    if not by_torch:
        one["file"] = write_safetensors(draw, f"{folder}/{number}", weights, writer == "sharded")
    else:
        one["file"] = f"{number}.pth"
        if isinstance(weights, collections.OrderedDict) and draw.random() < 0.5:
            weights._metadata = collections.OrderedDict({"": {"version": 1}})
        if draw.random() < 0.1 and writer != "pickle":
            quantized = torch.quantize_per_tensor(torch.ones(3), 0.1, 0, draw.choice([torch.qint8, torch.quint8, torch.qint32]))
            weights[prefix + "quantized"] = quantized
            one["unread"]["quantized"] = "quantized Q" + str(quantized.dtype)[7:].replace("int", "Int").replace("uInt", "UInt")
        if draw.random() < 0.05:
            weights[prefix + "sparse"] = torch.eye(2).to_sparse()
            one["unread"]["sparse"] = "sparse"
        if draw.random() < 0.1:
            weights = Easy(weights)
        saved, refused = wrap(draw, weights, protocol, one)
        if refused is not None:
            one["refused"] = refused
        write_torch(saved, f"{folder}/{number}.pth", writer, protocol)
    one["says"] = f"{writer} protocol {protocol} prefix {prefix!r} {', '.join(says)} beside {one['aside']}"
    return one


def wrap(draw, weights, protocol, one):
    wrappers = draw.choice(WRAPPERS)
    saved, place, refused = weights, [], None
    if not wrappers and draw.random() < 0.5:
        return saved, None
    for depth, wrapper in enumerate(reversed(wrappers)):
        others = beside(draw, protocol)
        outer = wrappers[: len(wrappers) - 1 - depth]
        one["aside"] += [".".join([*outer, name]) for name in others]
        saved = {**others, wrapper: saved} if draw.random() < 0.5 else {wrapper: saved, **others}
    odd = draw.random()
    if wrappers and odd < 0.04:
        call, *parameters = draw.choice(
            [(os.system, "true"), (eval, "1"), (exec, "1"), (getattr, 1, "real"), (open, "x"), (__import__, "os"), (os.getcwd,)]
        )
        saved["extra"] = Attack(call, *parameters)
        refused = "SEMPLES_PICKLE_REFUSED"
    elif wrappers and odd < 0.07:
        saved[wrappers[0]] = Net()
        refused = "SEMPLES_PICKLE_REFUSED"
    elif not wrappers and odd < 0.1:
        saved, refused = Net(), "SEMPLES_PICKLE_REFUSED"
    elif not wrappers:
        # A flat dictionary with other things among its tensors.
        others = {key: value for key, value in beside(draw, protocol).items() if key in ("args", "epoch", "optimizer", "kind")}
        one["aside"] = list(others)
        saved.update(others)
    return saved, refused


def write_torch(saved, path, writer, protocol):
    if writer == "pickle":
        with open(path, "wb") as file:
            pickle.dump(saved, file, protocol=protocol)
    else:
        torch.save(saved, path, pickle_protocol=protocol, _use_new_zipfile_serialization=writer == "zip")


def write_safetensors(draw, stem, weights, sharded):
    metadata = draw.choice([None, {"format": "pt"}])
    if not sharded:
        save_file(dict(weights), f"{stem}.safetensors", metadata=metadata)
        return os.path.basename(f"{stem}.safetensors")
    parts = [[] for _ in range(draw.choice([1, 2, 3]))]
    for name in weights:
        draw.choice(parts).append(name)
    parts = [part for part in parts if part]
    weight_map = {}
    for at, part in enumerate(parts):
        file = f"{stem}-{at + 1:05d}-of-{len(parts):05d}.safetensors"
        save_file({name: weights[name] for name in part}, file, metadata=metadata)
        weight_map.update({name: os.path.basename(file) for name in part})
    with open(f"{stem}.safetensors.index.json", "w", encoding="utf-8") as file:
        json.dump({"metadata": {"total_size": 1}, "weight_map": weight_map}, file, ensure_ascii=draw.random() < 0.5)
    return os.path.basename(f"{stem}.safetensors.index.json")


def digest(made):
    # One number may be called contiguous whatever its stride is.
    plain = torch.empty(made.numel(), dtype=made.dtype).copy_(made.detach().reshape(-1))
    return hashlib.sha256(plain.view(torch.uint8).numpy().tobytes() if plain.numel() else b"").hexdigest()


if __name__ == "__main__":
    folder, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(1)
    with open(f"{folder}/cases.json", "w", encoding="utf-8") as file:
        json.dump([case(random.Random(f"{seed}-{number}"), folder, number) for number in range(count)], file)
