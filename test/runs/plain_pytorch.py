"""CAMs of an exported run in plain PyTorch, which exportRun.test.ts compares with: python plain_pytorch.py FILE.json

FILE.json: {weights, out, pictures: {name: {file, classes}}}. The exported weights are loaded into networks of torch.nn by their
names, none missing and none left. `out`, a safetensors file, becomes the maps [classes, height, width] by name.

Written from the papers: DeiT (arXiv 2012.12877), WeakTr (arXiv 2304.01184), class activation maps (arXiv 1512.04150). What
must be known of the run comes from the exported file alone. The convolutional networks are those of test/native/cnn.py.
"""
import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

sys.path.append(str(Path(__file__).resolve().parent.parent / "native"))
import cnn  # noqa: E402


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        batch, count, width = x.shape
        query, key, value = self.qkv(x).view(batch, count, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        maps = (query @ key.transpose(-2, -1) / math.sqrt(width / self.heads)).softmax(-1)
        return self.proj((maps @ value).transpose(1, 2).reshape(batch, count, width)), maps


class Mlp(nn.Module):
    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, hidden: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = Mlp(width, hidden)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        branch, maps = self.attn(self.norm1(x))
        x = x + branch
        return x + self.mlp(self.norm2(x)), maps, branch


class Fusion(nn.Module):
    """One weight for every attention map, from what its head adds to the tokens."""

    def __init__(self, config: dict):
        super().__init__()
        self.heads, self.pool = config["heads"], config["fusionPool"]
        maps, head_width = self.heads * config["depth"], config["width"] // self.heads
        hidden = max(1, maps // config["fusionReduction"])
        self.attn_head_ffn = nn.Sequential(
            nn.Linear(maps, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, maps, bias=False), nn.Sigmoid()
        )
        features = max(1, head_width // config["fusionFeatureReduction"])
        self.attn_feat_ffn = nn.Sequential(nn.Linear(head_width, features), nn.Linear(features, 1))

    def forward(self, maps: list[Tensor], branches: list[Tensor]) -> Tensor:
        """Maps [B, heads, N, N] and branches [B, N, width], one of each a layer -> the weighted mean of the maps [B, N, N]."""
        branch = torch.stack(branches, 1)  # B, layers, N, width
        # A head's features are every heads-th channel; of heads and layers the heads are the slow index.
        features = branch.unflatten(-1, (-1, self.heads)).permute(0, 4, 1, 2, 3)  # B, heads, layers, N, head width
        pooled = features.amax(3) if self.pool == "max" else features.mean(3)
        weights = self.attn_head_ffn(self.attn_feat_ffn(pooled.flatten(1, 2)).squeeze(-1))
        stacked = torch.stack(maps, 2).flatten(1, 2)  # B, heads * layers, N, N
        return (weights[:, :, None, None] * stacked).mean(1)


class WeakTr(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        width, side = config["width"], config["imageSize"] // config["patchSize"]
        self.classes, self.patch, self.maps = config["classes"], config["patchSize"], config["maps"]
        self.cls_token = nn.Parameter(torch.zeros(1, self.classes, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, self.classes + side * side, width))
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, width, self.patch, self.patch)})
        hidden = round(width * config["mlpRatio"])
        self.blocks = nn.ModuleList(Block(width, config["heads"], hidden) for _ in range(config["depth"]))
        self.norm = nn.LayerNorm(width)  # In every checkpoint, and never used.
        self.head = nn.Conv2d(width, self.classes, 3, padding=1)
        self.adaptive_attention_fusion = Fusion(config)

    def positions(self, rows: int, columns: int, square: bool) -> Tensor:
        own, grid = self.pos_embed[:, : self.classes], self.pos_embed[:, self.classes :]
        if square and rows * columns == grid.shape[1]:
            return self.pos_embed
        side = math.isqrt(grid.shape[1])
        scale = (rows + 0.1) / side, (columns + 0.1) / side
        resized = F.interpolate(
            grid.view(1, side, side, -1).permute(0, 3, 1, 2), scale_factor=scale, mode="bicubic", align_corners=False
        )
        assert resized.shape[2:] == (rows, columns)
        return torch.cat([own, resized.flatten(2).transpose(1, 2)], 1)

    def forward(self, images: Tensor) -> Tensor:
        batch, _, height, width = images.shape
        rows, columns = height // self.patch, width // self.patch
        patches = self.patch_embed["proj"](images).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.cls_token.expand(batch, -1, -1), patches], 1)
        tokens = tokens + self.positions(rows, columns, height == width)
        maps, branches = [], []
        for block in self.blocks:
            tokens, attention, branch = block(tokens)
            maps.append(attention)
            branches.append(branch)
        features = tokens[:, self.classes :].transpose(1, 2).unflatten(2, (rows, columns))
        coarse = F.relu(self.head(features))
        if self.maps == "plain":
            return coarse
        fused = self.adaptive_attention_fusion(maps, branches)
        attended = fused[:, : self.classes, self.classes :] * coarse.flatten(2)
        affinity = fused[:, self.classes :, self.classes :]
        return torch.einsum("bpq,bcq->bcp", affinity, attended).unflatten(2, (rows, columns))


class Cnn(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        self.generator = cnn.Generator(config)

    def forward(self, images: Tensor) -> Tensor:
        # These pictures are normalised with the statistics of the export, which must be the network's own.
        return self.generator.respond(self.generator.net.stages(images))["cam"]


def load(path: str) -> tuple[nn.Module, dict]:
    if path.endswith(".safetensors"):
        with safe_open(path, "pt") as file:
            config = json.loads(file.metadata()["config"])
        weights = load_file(path)
        weights.pop("prompts", None)
    else:
        saved = torch.load(path, weights_only=True)
        config, weights = saved["config"], saved["model"]
    if config["kind"] == "weaktr":
        network = WeakTr(config)
        network.load_state_dict(weights, strict=True)
    else:
        network = Cnn(config)
        network.generator.load(weights)
    return network.eval(), config


def resized(picture: Image.Image, width: int, height: int) -> Image.Image:
    return picture if picture.size == (width, height) else picture.resize((width, height), Image.BICUBIC)


def cams(network: nn.Module, config: dict, picture: Image.Image, classes: list[int]) -> Tensor:
    rules = config["cams"]
    assert rules["resample"] == "exact"
    width, height = picture.size
    longer = max(width, height)
    factor = min(rules.get("side", longer), rules.get("maxSide", math.inf)) / longer
    if factor != 1:
        picture = resized(picture, *(max(1, math.floor(side * factor + 0.5)) for side in (width, height)))
    mean, deviation = (torch.tensor(config[name]).view(3, 1, 1) for name in ("mean", "std"))
    total = torch.zeros(len(classes), height, width)
    for scale in rules["scales"]:
        at_scale = resized(picture, round(picture.width * scale), round(picture.height * scale))
        pixels = torch.from_numpy(np.array(at_scale)).permute(2, 0, 1) / 255
        image = (pixels - mean) / deviation
        for mirrored in (False, True) if rules["flip"] else (False,):
            maps = network(image.flip(2).unsqueeze(0) if mirrored else image.unsqueeze(0))[:, classes]
            size = [height, width] if rules["fit"] == "stretch" else [-(-side // 16) * 16 for side in (height, width)]
            maps = F.interpolate(maps, size, mode="bilinear", align_corners=False)[0, :, :height, :width]
            total += maps.flip(2) if mirrored else maps
    high = total.amax((1, 2), keepdim=True)
    if rules["scaling"] == "max":
        return total / (high + 1e-5)
    low = total.amin((1, 2), keepdim=True)
    return (total - low) / (high - low + 1e-8)


@torch.no_grad()
def main(job: dict) -> None:
    torch.set_num_threads(1)
    network, config = load(job["weights"])
    found = {}
    for name, picture in job["pictures"].items():
        image = Image.open(picture["file"]).convert("RGB")
        found[name] = cams(network, config, image, picture["classes"]).contiguous()
    save_file(found, job["out"])


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
