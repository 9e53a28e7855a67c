"""What lies inside an image tower, by torch's own layers: nn.MultiheadAttention, nn.LayerNorm, F.interpolate.

    python test/clip/blocks_reference.py --weights weights.safetensors --config clip_config.json --out OUT.safetensors

Writes pixels of two sizes with tokens and attention of every block, and for tokens of the last block but one what its
first LayerNorm gives, every token's projection, and the gradient of <projection, cotangent> at that LayerNorm.
"""

import argparse
import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn


def linear(weights, name):
    layer = nn.Linear(*reversed(weights[f"{name}.weight"].shape))
    layer.load_state_dict({part: weights[f"{name}.{part}"] for part in ("weight", "bias")})
    return layer


def norm(weights, name):
    layer = nn.LayerNorm(weights[f"{name}.weight"].shape[0], eps=1e-5)
    layer.load_state_dict({part: weights[f"{name}.{part}"] for part in ("weight", "bias")})
    return layer


class Block(nn.Module):
    def __init__(self, weights, prefix, heads, quick):
        super().__init__()
        width = weights[f"{prefix}ln_1.weight"].shape[0]
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        names = ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")
        self.attention.load_state_dict({name: weights[f"{prefix}attn.{name}"] for name in names})
        self.first, self.second = norm(weights, f"{prefix}ln_1"), norm(weights, f"{prefix}ln_2")
        self.expand, self.shrink = linear(weights, f"{prefix}mlp.c_fc"), linear(weights, f"{prefix}mlp.c_proj")
        self.quick = quick

    def forward(self, x):
        normed = self.first(x)
        attended, weights = self.attention(normed, normed, normed, need_weights=True, average_attn_weights=True)
        x = x + attended
        hidden = self.expand(self.second(x))
        hidden = hidden * torch.sigmoid(1.702 * hidden) if self.quick else F.gelu(hidden)
        return normed, weights, x + self.shrink(hidden)


def positions(table, rows, columns):
    side = round((len(table) - 1) ** 0.5)
    grid = table[1:].reshape(side, side, -1).movedim(2, 0)[None]
    grid = F.interpolate(grid, size=(rows, columns), mode="bilinear", align_corners=False)
    return torch.cat([table[:1], grid[0].movedim(0, 2).reshape(rows * columns, -1)])


def main():
    parser = argparse.ArgumentParser()
    for name in ("weights", "config", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--gelu", action="store_true")
    options = parser.parse_args()
    weights = {name: tensor.float() for name, tensor in load_file(options.weights).items()}
    config = json.loads(options.config.read_text())
    torch.manual_seed(7)
    patch, depth = config["vision_patch_size"], config["vision_layers"]
    prefix = "visual.transformer.resblocks."
    blocks = [Block(weights, f"{prefix}{i}.", config["vision_heads"], not options.gelu) for i in range(depth)]
    before, after = norm(weights, "visual.ln_pre"), norm(weights, "visual.ln_post")
    size = config["image_resolution"]
    result = {}
    for name, shape in (("own", (size, size)), ("wide", (3 * patch, 7 * patch))):
        pixels = torch.randn(2, 3, *shape)
        patches = F.conv2d(pixels, weights["visual.conv1.weight"], stride=patch)
        rows, columns = patches.shape[2:]
        token = weights["visual.class_embedding"].expand(2, 1, -1)
        x = torch.cat([token, patches.flatten(2).movedim(1, 2)], 1)
        x = before(x + positions(weights["visual.positional_embedding"], rows, columns))
        tokens, attention = [], []
        for block in blocks:
            _, attended, x = block(x)
            tokens.append(x)
            attention.append(attended)
        # Through the last block once more, the LayerNorm as a leaf: its residual branch takes no gradient there.
        before_last = tokens[-2].detach()
        normed = blocks[-1].first(before_last).detach().requires_grad_(True)
        attended, _ = blocks[-1].attention(normed, normed, normed, need_weights=True)
        x = before_last + attended
        hidden = blocks[-1].expand(blocks[-1].second(x))
        hidden = hidden * torch.sigmoid(1.702 * hidden) if not options.gelu else F.gelu(hidden)
        features = after(x + blocks[-1].shrink(hidden)) @ weights["visual.proj"]
        cotangent = torch.randn_like(features)
        (features * cotangent).sum().backward()
        values = {
            "pixels": pixels,
            "tokens": torch.stack(tokens),
            "attention": torch.stack(attention),
            "normed": normed,
            "features": features,
            "cotangent": cotangent,
            "gradient": normed.grad,
        }
        result.update({f"{name}.{key}": value.detach().contiguous() for key, value in values.items()})
    save_file(result, options.out)


if __name__ == "__main__":
    main()
