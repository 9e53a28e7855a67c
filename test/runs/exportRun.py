"""Loads two exports of a run in Python, and compares them with its checkpoints: python exportRun.py JOB.json"""
import collections
import json
import sys

import torch
from safetensors import safe_open
from safetensors.torch import load_file

with open(sys.argv[1], encoding="utf-8") as file:
    job = json.load(file)
generator, prompts = load_file(job["generator"]), load_file(job["prompts"])["prompts"]


def check(weights):
    assert sorted(weights) == sorted(generator), set(weights) ^ set(generator)
    for name, value in generator.items():
        assert weights[name].dtype == torch.float32 and torch.equal(weights[name], value), name


saved = torch.load(job["pth"], weights_only=True)
assert type(saved["model"]) is collections.OrderedDict and list(saved["model"])[0] == "cls_token"
check(saved["model"])
check(torch.load(job["pth"], weights_only=True, mmap=True)["model"])
assert torch.equal(saved["prompts"], prompts)
assert saved["classes"] == job["classes"] and saved["stage"] == "guide" and saved["epoch"] == 1

weights = load_file(job["safetensors"])
assert torch.equal(weights.pop("prompts"), prompts)
check(weights)
with safe_open(job["safetensors"], "pt") as opened:
    metadata = opened.metadata()
assert json.loads(metadata["config"]) == saved["config"] and json.loads(metadata["classes"]) == saved["classes"]
assert metadata["semples"] == saved["semples"]

for line in job["lines"]:
    names = {}
    exec(line, names)
    check(names["weights"])
print("the same")
