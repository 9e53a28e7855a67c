"""Writes weights in every form that a training leaves them in: python test/golden/save_forms.py WEIGHTS FOLDER.

Prints a JSON list of [form, path].
"""

import argparse
import json
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file


def parts(tensors, folder):
    names = list(tensors)
    index = {}
    for number, chosen in enumerate((names[::2], names[1::2]), 1):
        file = f"model-{number:05}-of-00002.safetensors"
        save_file({name: tensors[name] for name in chosen}, folder / file)
        index.update(dict.fromkeys(chosen, file))
    path = folder / "model.safetensors.index.json"
    path.write_text(json.dumps({"metadata": {}, "weight_map": index}))
    return path


def main():
    weights, folder = Path(sys.argv[1]), Path(sys.argv[2])
    tensors = load_file(weights)
    wrapped = OrderedDict({f"module.{name}": torch.nn.Parameter(tensor) for name, tensor in tensors.items()})
    parameter = torch.nn.Parameter(torch.zeros(3))
    optimizer = torch.optim.AdamW([parameter])
    parameter.grad = torch.ones(3)
    optimizer.step()
    training = {
        "model": wrapped,
        "optimizer": optimizer.state_dict(),
        "epoch": 7,
        "best": np.float64(0.5),
        "args": argparse.Namespace(lr=1e-4, out=Path("runs/x")),
    }
    half = {name: tensor.to(torch.float64) for name, tensor in tensors.items()}
    # Views of one storage, with strides.
    stacked = {name: torch.stack([tensor, tensor + 1], -1)[..., 0] for name, tensor in tensors.items()}
    forms = {
        "torch.save": tensors,
        "torch.save, a training checkpoint with module. before every name": training,
        "torch.save, float64": half,
        "torch.save, strided views": stacked,
    }
    result = []
    for number, (form, content) in enumerate(forms.items()):
        for legacy in (False, True):
            path = folder / f"{number}-{legacy}.pth"
            torch.save(content, path, _use_new_zipfile_serialization=not legacy)
            result.append([f"{form}{', before 1.6' if legacy else ''}", str(path)])
    path = folder / "one.safetensors"
    save_file(tensors, path, metadata={"format": "pt"})
    result.append(["safetensors", str(path)])
    result.append(["safetensors in parts", str(parts(tensors, folder))])
    print(json.dumps(result))


if __name__ == "__main__":
    main()
