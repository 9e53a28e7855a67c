"""Compares a TorchScript CLIP with the reference tensors of a golden folder; prints relative errors as JSON.

    python test/clip/reference.py ARCHIVE GOLDEN
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

START, A, PHOTO, OF, DOT, END = 49406, 320, 1125, 539, 13, 49407


def error(found: torch.Tensor, expected: torch.Tensor) -> float:
    return ((found - expected).abs().max() / expected.abs().max()).item()


def main(archive: str, golden: Path) -> None:
    clip = torch.jit.load(archive)
    known = load_file(golden / "clip_io.safetensors")
    errors = {}

    pictures = known["images"].clone().requires_grad_(True)
    features = clip.encode_image(pictures)
    errors["image"] = error(features, known["image_features"])
    errors["patches"] = error(clip.encode_patches(pictures), known["image_patch_features"])
    (features * known["image_grad.cotangent"]).sum().backward()
    errors["image gradient"] = error(pictures.grad, known["image_grad.grad_images"])

    for ids, texts in (
        ("token_ids", "text_features"),
        ("voc_token_ids", "voc_text_features"),
        ("coco_token_ids", "coco_text_features"),
    ):
        errors[texts] = error(clip.encode_text(known[ids]), known[texts])

    for name in sorted(name for name in known if name.endswith(".vectors")):
        case = name.removesuffix("vectors")
        vectors = known[name].clone().requires_grad_(True)
        classes, length, _ = vectors.shape
        sequence = [START, A, PHOTO, OF, *[0] * length, DOT, END]
        ids = torch.tensor([sequence + [0] * (clip.context_length - len(sequence))]).expand(classes, -1)
        embeddings = clip.embed_tokens(ids).clone()
        embeddings[:, 4 : 4 + length] = vectors
        features = clip.encode_embeddings(embeddings, torch.full((classes,), length + 5))
        errors[f"{case}features"] = error(features, known[f"{case}features"])
        (features * known[f"{case}cotangent"]).sum().backward()
        errors[f"{case}gradient"] = error(vectors.grad, known[f"{case}grad_vectors"])

    attributes = {name: getattr(clip, name) for name in ("image_size", "context_length", "mean", "std")}
    trainable = sum(1 for parameter in clip.parameters() if parameter.requires_grad)
    print(json.dumps({"errors": errors, "attributes": attributes, "trainable": trainable}))


if __name__ == "__main__":
    with torch.jit.optimized_execution(False):
        main(sys.argv[1], Path(sys.argv[2]))
