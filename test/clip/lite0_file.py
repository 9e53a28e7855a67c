"""Says where the published weights of EfficientNet-Lite0 lie in this Python, and compares logits on photographs.

    python test/clip/lite0_file.py FILE_IN_SITE_PACKAGES             prints its path
    python test/clip/lite0_file.py FILE_IN_SITE_PACKAGES FOLDER      prints the largest difference and logit as JSON
"""

import json
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts/clip"))

from lite0 import Lite0, read_lite0  # noqa: E402
from photographs import Photographs  # noqa: E402


@torch.no_grad()
def compare(file: Path, folder: Path) -> dict[str, float]:
    from efficientnet_lite_pytorch import EfficientNet

    weights = read_lite0(file)
    theirs = EfficientNet.from_name("efficientnet-lite0")
    theirs.load_state_dict(torch.load(file, weights_only=True))
    photographs = Photographs(folder)
    # Any statistics will do here, as both see the same.
    pixels = torch.stack([photographs.pixels(index, 224) for index in range(0, len(photographs.files), 50)])
    expected = theirs.eval()(pixels)
    found = Lite0(weights).eval()(pixels) @ weights["_fc.weight"].T + weights["_fc.bias"]
    return {"difference": float((found - expected).abs().max()), "largest": float(expected.abs().max())}


if __name__ == "__main__":
    torch.set_num_threads(1)
    name, *folders = sys.argv[1:]
    found = next(file for file in (Path(place) / name for place in sys.path) if file.exists())
    print(json.dumps(compare(found, Path(folders[0]))) if folders else found)
