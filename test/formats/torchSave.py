"""Reads what writeTorch wrote, as torch reads it: python torchSave.py FILE ...

For every FILE there is FILE.safetensors with its tensors by their paths, and FILE.json with everything else. Tensors must come
out the same however the file is loaded.
"""
import collections
import json
import sys
import zipfile

import torch
from safetensors.torch import save_file

KINDS = {dict: "dict", collections.OrderedDict: "OrderedDict", list: "list", bool: "bool", int: "int"}
KINDS |= {float: "float", str: "str", type(None): "None"}


def walk(value, path, tensors):
    if isinstance(value, torch.Tensor):
        assert value.is_contiguous() and not value.requires_grad and value.device.type == "cpu"
        tensors[path] = value
        return "tensor"
    kind = KINDS[type(value)]
    if isinstance(value, dict):
        return [kind, {name: walk(item, f"{path}/{name}", tensors) for name, item in value.items()}]
    if isinstance(value, list):
        return [kind, [walk(item, f"{path}/{index}", tensors) for index, item in enumerate(value)]]
    return [kind, repr(value) if isinstance(value, float) else value]


for file in sys.argv[1:]:
    tensors, again, trusted = {}, {}, {}
    facts = walk(torch.load(file, weights_only=True), "", tensors)
    assert facts == walk(torch.load(file, weights_only=True, mmap=True), "", again)
    assert facts == walk(torch.load(file, weights_only=False), "", trusted)
    for name, value in tensors.items():
        bits = [each.clone().view(torch.uint8) if each.dim() else each.clone().reshape(1).view(torch.uint8)
                for each in (value, again[name], trusted[name])]
        assert torch.equal(bits[0], bits[1]) and torch.equal(bits[0], bits[2]), name
    with zipfile.ZipFile(file) as archive, open(file, "rb") as raw:
        assert archive.testzip() is None
        for entry in archive.infolist():
            assert entry.compress_type == zipfile.ZIP_STORED
            raw.seek(entry.header_offset + 26)
            sizes = raw.read(4)
            start = entry.header_offset + 30 + int.from_bytes(sizes[:2], "little") + int.from_bytes(sizes[2:], "little")
            assert start % 64 == 0, (entry.filename, start)
    save_file({name: value.contiguous().clone() for name, value in tensors.items()}, f"{file}.safetensors")
    with open(f"{file}.json", "w") as out:
        json.dump(facts, out)
