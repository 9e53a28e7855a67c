"""Writes a TorchScript CLIP with the interface that semples uses.

Methods: encode_image(pixels [B,3,S,S], normalised) and encode_text(ids [B,L]) give features [B,D],
encode_patches(pixels) features [B,P,D] of the patches, encode_blocks(pixels [B,3,H,W]) tokens [L,B,1+P,W] and
attention [L,B,1+P,1+P], finish_block(tokens) the last block and the projection of every token, embed_tokens(ids) embeddings [B,L,W], and
encode_embeddings(embeddings, end [B]) features [B,D] read at position `end`.
Attributes: image_size, patch_size, context_length, mean, std, trained_tokens.

    python scripts/clip/export.py --weights clip.safetensors --config config.json --out clip.pt
    python scripts/clip/export.py --weights ViT-B-32.pt --out clip.pt
    python scripts/clip/export.py --hugging-face openai/clip-vit-base-patch32 --out clip.pt
    python scripts/clip/export.py --open-clip ViT-B-32 --pretrained laion2b_s34b_b79k --out clip.pt

Weights may bear OpenAI's, open_clip's or Hugging Face's names, in a .safetensors file, a pickled state dict or an
archive of OpenAI's. Without --config the sizes are read from the weights' shapes and heads are taken to be 64 wide.
"""

import argparse
import io
import os
import zipfile
from pathlib import Path

import torch

from model import Clip
from weights import (
    build,
    hugging_face_config,
    infer_config,
    made_with_quick_gelu,
    open_clip_config,
    openai_names,
    read_config,
    read_tensors,
)

METHODS = [
    "encode_image",
    "encode_patches",
    "encode_blocks",
    "finish_block",
    "encode_text",
    "embed_tokens",
    "encode_embeddings",
]
ATTRIBUTES = ["image_size", "patch_size", "context_length", "mean", "std", "trained_tokens"]


def save_archive(module: torch.jit.ScriptModule, out: Path) -> None:
    """Writes `module` without its debug records, which hold the paths of the sources on this machine.

    The file is written beside the target first, so that a broken run leaves no half archive under its name.
    """
    packed = io.BytesIO()
    torch.jit.save(module, packed)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f"{out.name}.{os.getpid()}.partial")
    try:
        with zipfile.ZipFile(packed) as source, zipfile.ZipFile(partial, "w") as target:
            for record in source.infolist():
                if not record.filename.endswith(".debug_pkl"):
                    _append(target, f"clip/{record.filename.partition('/')[2]}", source.read(record))
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)


def _append(target: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Stores a record uncompressed with its content 64-byte aligned, as PyTorch does, so that it can be mapped."""
    header, field = 30 + len(name.encode()), 4
    entry = zipfile.ZipInfo(name)
    padding = -(target.start_dir + header + field) % 64
    entry.extra = b"FB" + padding.to_bytes(2, "little") + b"Z" * padding
    target.writestr(entry, content)


def script(model: Clip, frozen: bool = True) -> torch.jit.ScriptModule:
    """`model` as TorchScript. Freezing turns weights into constants, and widens those stored in half precision."""
    model = model.eval().requires_grad_(False)
    scripted = torch.jit.script(model)
    if not frozen:
        return scripted
    # Optional methods and attributes are not in every model.
    return torch.jit.freeze(scripted, preserved_attrs=[name for name in METHODS + ATTRIBUTES if hasattr(model, name)])


def _hugging_face(name: str) -> Clip:
    try:
        from transformers import CLIPModel
    except ImportError as error:
        raise SystemExit("--hugging-face needs the package transformers: pip install transformers") from error
    model = CLIPModel.from_pretrained(name)
    return build(hugging_face_config(model.config.to_dict()), openai_names(model.state_dict()))


def _open_clip(name: str, pretrained: str) -> Clip:
    try:
        import open_clip
    except ImportError as error:
        raise SystemExit("--open-clip needs the package open_clip_torch: pip install open_clip_torch") from error
    model = open_clip.create_model(name, pretrained=pretrained)
    config = open_clip_config({**open_clip.get_model_config(name), "quick_gelu": made_with_quick_gelu(model)})
    return build(config, openai_names(model.state_dict()))


def _from_files(weights: Path, token_embedding: Path | None, config: Path | None) -> Clip:
    tensors = read_tensors(weights)
    if token_embedding:
        tensors.update(read_tensors(token_embedding))
    tensors = openai_names(tensors)
    return build(read_config(config) if config else infer_config(tensors), tensors)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--weights", type=Path, help=".safetensors, state dict, or an archive of OpenAI's")
    source.add_argument("--hugging-face", metavar="MODEL", help="name or folder of a Hugging Face CLIP")
    source.add_argument("--open-clip", metavar="MODEL", help="architecture name of open_clip")
    parser.add_argument("--pretrained", default="openai", help="weights of --open-clip (default: openai)")
    parser.add_argument("--token-embedding", type=Path, help="file of token_embedding.weight, where apart")
    parser.add_argument("--config", type=Path, help="sizes as JSON: ours, open_clip's or Hugging Face's")
    parser.add_argument("--out", type=Path, required=True, help="the TorchScript archive to write")
    options = parser.parse_args()

    if options.hugging_face:
        model = _hugging_face(options.hugging_face)
    elif options.open_clip:
        model = _open_clip(options.open_clip, options.pretrained)
    else:
        model = _from_files(options.weights, options.token_embedding, options.config)
    save_archive(script(model), options.out)
    activation = "quick_gelu" if model.transformer.resblocks[0].mlp.quick else "gelu"
    print(
        f"{options.out}: image size {model.image_size}, context length {model.context_length}, activation {activation}"
    )
    if options.weights and not options.config:
        print("The activation is that of OpenAI's weights; those of LAION mostly have gelu: give their --config.")


if __name__ == "__main__":
    main()
