"""Which padding and which input EfficientNet-Lite0's weights were trained with: the way with the best accuracy.

    python scripts/clip/input_check.py --weights efficientnet-lite0-57934424.pth --data PHOTOS/voc

Top-1 of the unchanged 1000-class head, right where it is one of the ImageNet classes that models/imagenet-words.json
names for a label of the picture. Pictures are seen as ImageNet's are when models are judged: the middle square of 7/8
of the short side, bicubic, 224 x 224. Pictures with a label that photos.py fits are left out.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from lite0 import PIXEL_MEAN, PIXEL_STD, Lite0, read_lite0
from photographs import MEAN, STD, Photographs
from photo_words import FITTED
from words import imagenet_classes_of

PADDINGS = {"TensorFlow's SAME": False, "symmetric": True}
STATISTICS = {
    "(255 x - 127) / 128": ([PIXEL_MEAN] * 3, [PIXEL_STD] * 3),
    "ImageNet's mean and deviation": (MEAN, STD),
    "0..1": ([0.0] * 3, [1.0] * 3),
}


def middle(file: Path, size: int = 224) -> Tensor:
    """The middle square of 7/8 of the short side, pixels in 0..1 [3,size,size]."""
    with Image.open(file) as picture:
        width, height = picture.size
        half = min(width, height) * 7 / 16
        box = (width / 2 - half, height / 2 - half, width / 2 + half, height / 2 + half)
        square = picture.convert("RGB").resize((size, size), Image.Resampling.BICUBIC, box=box)
        return torch.from_numpy(np.array(square)).permute(2, 0, 1).float() / 255


def right_classes(folder: Photographs) -> dict[int, set[int]]:
    """Index of a picture → the ImageNet classes that are right for it."""
    labels = [one["label"] for one in folder.classes]
    found = {label: imagenet_classes_of(label) for label in labels if label not in FITTED}
    right = {}
    for index, row in enumerate(folder.labels):
        shown = [label for label, present in zip(labels, row) if present]
        if shown and all(found.get(label) for label in shown):
            right[index] = {one for label in shown for one in found[label].indices}
    return right


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True, help="EfficientNet-Lite0: .pth or .safetensors")
    parser.add_argument("--data", type=Path, required=True, help="folder with images/, labels.csv and classes.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    weights = read_lite0(options.weights)
    networks = {name: Lite0(weights, symmetric).eval() for name, symmetric in PADDINGS.items()}
    folder = Photographs(options.data)
    right = right_classes(folder)
    hits: dict[tuple[str, str], int] = {}
    for index, classes in right.items():
        pixels = middle(folder.folder / "images" / folder.files[index])
        views = [
            (pixels - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
            for mean, std in STATISTICS.values()
        ]
        for padding, network in networks.items():
            logits = network(torch.stack(views)) @ weights["_fc.weight"].T + weights["_fc.bias"]
            for statistics, best in zip(STATISTICS, logits.argmax(1).tolist()):
                hits[padding, statistics] = hits.get((padding, statistics), 0) + (best in classes)
    print(f"{folder.folder.name}: top-1 over {len(right)} photographs")
    for (padding, statistics), count in hits.items():
        print(f"  {padding:18} {statistics:30} {count / len(right):.3f}")


if __name__ == "__main__":
    main()
