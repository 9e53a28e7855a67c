"""Takes the image tower of a CLIP as DeiT weights, which mask generators start from.

It fits towers that are DeiTs but for their output: exact GELU, no normalisation before the first block.
"""

import os
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from model import VisionTransformer

LAYERS = {
    "ln_1": "norm1",
    "attn.in_proj_": "attn.qkv.",
    "attn.out_proj": "attn.proj",
    "ln_2": "norm2",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}


def deit_weights(tower: VisionTransformer) -> dict[str, Tensor]:
    """The tower's weights under DeiT's names. The output norm keeps its name; mask generators do not use it."""
    patches = tower.conv1.weight
    found = {
        "cls_token": tower.class_embedding.view(1, 1, -1),
        "pos_embed": tower.positional_embedding.unsqueeze(0),
        "patch_embed.proj.weight": patches,
        "patch_embed.proj.bias": torch.zeros(len(patches)),
        "norm.weight": tower.ln_post.weight,
        "norm.bias": tower.ln_post.bias,
    }
    for name, tensor in tower.transformer.resblocks.state_dict().items():
        index, _, rest = name.partition(".")
        theirs = next(layer for layer in LAYERS if rest.startswith(layer))
        found[f"blocks.{index}.{rest.replace(theirs, LAYERS[theirs], 1)}"] = tensor
    return {name: tensor.detach().contiguous().clone() for name, tensor in found.items()}


def save_tower(tower: VisionTransformer, out: Path) -> None:
    """Writes a safetensors file, beside its name first so that a broken run leaves no half of it."""
    partial = out.with_name(f"{out.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(save(deit_weights(tower)))
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)
