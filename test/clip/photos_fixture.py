"""Makes what photos.test.ts needs where no real weights are: random weights, drawn pictures, reference features.

    python test/clip/photos_fixture.py FOLDER

FOLDER/weights.safetensors has the names and shapes of the published EfficientNet-Lite0. FOLDER/pictures holds twelve
drawn pictures with labels and background words. FOLDER/reference.safetensors holds what efficientnet-lite-pytorch, another
implementation, makes of these weights: pixels [3,3,224,224] normalised by ImageNet's statistics, their pooled features
[3,1280], and the gradient of the features times a cotangent with respect to the pixels.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts/clip"))

from lite0 import lite0_shapes  # noqa: E402
from photographs import MEAN, STD  # noqa: E402

CLASSES = [("boat", "boat"), ("tvmonitor", "tv monitor"), ("person", "player"), ("pottedplant", "potted plant")]
LABELS = ["boat", "tvmonitor", "person", "pottedplant", "boat;person", ""]
BACKGROUNDS = ["water", "", "grass", "", "water;grass", ""]


def random_weights(random: torch.Generator) -> dict[str, torch.Tensor]:
    """Weights that keep activations alive through all layers."""
    weights = {}
    for name, shape in lite0_shapes().items():
        noise = torch.randn(shape, generator=random)
        if name.endswith("running_var"):
            weights[name] = 1 + 0.1 * noise.abs()
        elif len(shape) == 1:
            weights[name] = 0.1 * noise + (1 if "bn" in name and name.endswith(".weight") else 0)
        else:
            weights[name] = noise * math.sqrt(2 / math.prod(shape[1:]))
    return weights


def draw_pictures(folder: Path) -> None:
    (folder / "images").mkdir(parents=True)
    random = np.random.default_rng(0)
    labels, backgrounds = ["file,labels"], ["file,backgrounds"]
    for index in range(12):
        kind = index % len(LABELS)
        pixels = random.integers(0, 60, (60 + index, 80, 3)) + np.array([30 * kind, 150 - 20 * kind, 12 * index])
        pixels[10:40, 5 * kind : 5 * kind + 30] = random.integers(0, 255, 3)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / "images" / f"{index}.png")
        labels.append(f"{index}.png,{LABELS[kind]}")
        backgrounds.append(f"{index}.png,{BACKGROUNDS[kind]}")
    (folder / "labels.csv").write_text("\n".join(labels) + "\n")
    (folder / "backgrounds.csv").write_text("\n".join(backgrounds) + "\n")
    classes = [{"label": label, "prompt": prompt, "id": at + 1} for at, (label, prompt) in enumerate(CLASSES)]
    (folder / "classes.json").write_text(json.dumps(classes))


def reference(weights: dict[str, torch.Tensor], random: torch.Generator) -> dict[str, torch.Tensor]:
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(weights, strict=False)
    network.eval()
    pixels = torch.randn(3, 3, 224, 224, generator=random).requires_grad_()
    mean, std = torch.tensor(MEAN).view(3, 1, 1), torch.tensor(STD).view(3, 1, 1)
    features = network.extract_features((255 * (pixels * std + mean) - 127) / 128).mean([2, 3])
    cotangent = torch.randn(3, 1280, generator=random)
    (features * cotangent).sum().backward()
    found = {"features": features, "gradient": pixels.grad, "cotangent": cotangent, "pixels": pixels}
    return {name: tensor.detach().contiguous() for name, tensor in found.items()}


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    random = torch.Generator().manual_seed(0)
    weights = random_weights(random)
    save_file(weights, folder / "weights.safetensors")
    torch.save(weights, folder / "weights.pth")
    draw_pictures(folder / "pictures")
    save_file(reference(weights, random), folder / "reference.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
