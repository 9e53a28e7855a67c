"""The mask of one picture by a vit-mask in plain torch, in float32, again for each line, of windows that slide over it."""

import base64
import json
import sys
import time
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

sys.path.insert(0, str(Path(__file__).parents[2] / "test" / "segment"))
import reference  # noqa: E402

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


class Floats(reference.Weights):
    """Parameters as they are, without gradients."""

    def __init__(self, tensors):
        self.tensors = tensors


def starts(length, window, stride):
    if length <= window:
        return [0]
    return sorted({*range(0, length - window + 1, stride), length - window})


def main():
    job = json.loads(sys.argv[1])
    torch.set_num_threads(job["threads"])
    weights = Floats(load_file(job["weights"]))
    pixels = numpy.load(job["file"])
    options = {"decoderDepth": 2, **job["model"]}
    side, stride = job["rules"]["window"], job["rules"]["stride"]
    for line in sys.stdin:
        began = time.perf_counter()
        with torch.inference_mode():
            image = (torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255 - MEAN) / DEVIATION
            height, width = image.shape[2:]
            places = [(top, left) for top in starts(height, side, stride) for left in starts(width, side, stride)]
            windows = torch.cat([image[:, :, top : top + side, left : left + side] for top, left in places])
            logits = reference.vit_mask(weights, windows, options)[-1]
            logits = F.interpolate(logits, size=windows.shape[2:], mode="bilinear", align_corners=False)
            total = torch.zeros(1, logits.shape[1], height, width)
            count = torch.zeros(1, 1, height, width)
            for place, (top, left) in enumerate(places):
                total[:, :, top : top + side, left : left + side] += logits[place]
                count[:, :, top : top + side, left : left + side] += 1
            size = (job["height"], job["width"])
            total = F.interpolate(total / count, size=size, mode="bilinear", align_corners=False)
            mask = total.softmax(1).argmax(1).to(torch.uint8).numpy()
        seconds = time.perf_counter() - began
        answer = {"seconds": seconds}
        if line.strip() == "mask":
            answer["mask"] = base64.b64encode(mask.tobytes()).decode()
        print(json.dumps(answer), flush=True)


main()
