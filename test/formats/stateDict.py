"""Writes state dictionaries as torch writes them, and what they hold as safetensors: python stateDict.py FOLDER

For every file NAME.pth of the folder there is NAME.safetensors with the same tensors.
"""
import argparse
import collections
import sys

import torch
from safetensors.torch import save_file

folder = sys.argv[1]
torch.manual_seed(0)


def save(name, saved, expected, **options):
    torch.save(saved, f"{folder}/{name}.pth", **options)
    save_file({key: value.detach().clone().contiguous() for key, value in expected.items()}, f"{folder}/{name}.safetensors")


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.patch_embed = torch.nn.Conv2d(3, 4, 2)
        self.norm = torch.nn.BatchNorm2d(4)
        self.head = torch.nn.Linear(4, 5)
        self.pos_embed = torch.nn.Parameter(torch.randn(1, 3, 4))


net = Net()
weights = net.state_dict()  # an OrderedDict with _metadata
optimizer = torch.optim.AdamW(net.parameters(), lr=torch.tensor(1e-3))
net.head(net.norm(net.patch_embed(torch.randn(2, 3, 4, 4))).mean((2, 3))).sum().backward()
optimizer.step()
schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [3, 4])

save("plain", weights, weights)
save("old", weights, weights, _use_new_zipfile_serialization=False)
save("deit", {"model": weights}, weights)
for name, options in ("training", {}), ("training-old", {"_use_new_zipfile_serialization": False}):
    args = argparse.Namespace(lr=1e-3, device=torch.device("cpu"), shape=torch.Size([1, 2]), dtype=torch.float32)
    checkpoint = {
        "model": weights,
        "optimizer": optimizer.state_dict(),
        "lr_scheduler": schedule.state_dict(),
        "epoch": 3,
        "best": torch.tensor(0.5),
        "args": args,
        "counts": collections.defaultdict(list, {"a": [1]}),
    }
    save(name, checkpoint, weights, **options)
parallel = collections.OrderedDict((f"module.{key}", value) for key, value in weights.items())
save("parallel", {"state_dict": parallel}, weights)
save("nested", {"state_dict": {"model": parallel}}, weights)
parameters = dict(net.named_parameters())
save("parameters", parameters, parameters)
tagged = torch.nn.Parameter(torch.randn(2, 3))
tagged.kind = "tag"
other = torch.randn(3)
other.kind = "tag"
save("attributes", {"a": tagged, "b": other}, {"a": tagged, "b": other})
for dtype in torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.int32, torch.uint8, torch.bool:
    values = {"weight": (torch.randn(3, 4) * 9).abs().to(dtype), "scalar": torch.tensor(1, dtype=dtype)}
    save(f"dtype-{str(dtype)[6:]}", values, values)
    save(f"dtype-{str(dtype)[6:]}-old", values, values, _use_new_zipfile_serialization=False)
shared = torch.randn(4, 6)
views = {
    "whole": shared,
    "rows": shared[1:3],
    "columns": shared[:, 2:5],
    "transposed": shared.t(),
    "strided": shared[::2, ::3],
    "element": shared[2, 3],
    "last": torch.randn(2, 3, 4).permute(2, 0, 1),
    "channels": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
    "empty": torch.zeros(0, 3),
}
save("views", views, views)
save("views-old", views, views, _use_new_zipfile_serialization=False)
save("half-views", {key: value.half() for key, value in views.items()}, {key: value.half() for key, value in views.items()})

torch.jit.script(torch.nn.Linear(2, 2)).save(f"{folder}/script.pt")
torch.save(net, f"{folder}/model.pt")
torch.save(net, f"{folder}/model-old.pt", _use_new_zipfile_serialization=False)
torch.save({"epoch": 3, "model": net, "best": torch.tensor(0.5)}, f"{folder}/model-beside.pt")
