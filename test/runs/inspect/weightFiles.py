"""Writes files of weights in every form into a folder, and prints what PyTorch says of their tensors as JSON."""

import argparse
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

out = Path(sys.argv[1])
torch.manual_seed(0)
state = {
    "cls_token": torch.rand(1, 1, 384),
    "pos_embed": torch.rand(1, 197, 384),
    "patch_embed.proj.weight": torch.rand(384, 3, 16, 16),
    "blocks.0.attn.qkv.weight": torch.rand(1152, 384).half(),
    "counter": torch.tensor(3),
    "scale": torch.rand(4).bfloat16(),
}
behind = {f"module.{name}": tensor for name, tensor in state.items()}
torch.save({"model": behind, "epoch": 12, "optimizer": {"state": {}, "lr": 0.1}, "args": argparse.Namespace(a=1)}, out / "zip.pth")
torch.save({"model": behind, "epoch": 12}, out / "legacy.pth", _use_new_zipfile_serialization=False)
save_file(state, out / "plain.safetensors", metadata={"format": "pt"})
torch.save({"strange.weight": torch.rand(3), "other.bias": torch.rand(2)}, out / "strange.pt")
first, second = dict(list(state.items())[:3]), dict(list(state.items())[3:])
save_file(first, out / "part-1.safetensors")
save_file(second, out / "part-2.safetensors")
where = {name: "part-1.safetensors" for name in first} | {name: "part-2.safetensors" for name in second}
(out / "whole.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))
(out / "lacking.safetensors.index.json").write_text(json.dumps({"weight_map": where | {"gone": "part-1.safetensors"}}))
(out / "absent.safetensors.index.json").write_text(json.dumps({"weight_map": where | {"gone": "part-3.safetensors"}}))
torch.jit.script(torch.nn.Linear(3, 4)).save(str(out / "script.pt"))
# The like of a large file: storages of 40 MB that nothing needs to read.
torch.save({"cls_token": torch.zeros(10_000_000)}, out / "large.pth")
print(json.dumps({
    name: {"dtype": str(tensor.dtype).removeprefix("torch."), "shape": list(tensor.shape), "bytes": tensor.nbytes}
    for name, tensor in state.items()
}))
