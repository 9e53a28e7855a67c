"""The mask of one picture by a vit-mask in plain torch, in float32, again for each line: windows of 480 every 320 pixels."""

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
WINDOW, STRIDE = 480, 320


class Floats(reference.Weights):
    """Parameters as they are, without gradients."""

    def __init__(self, tensors):
        self.tensors = tensors


def starts(length):
    if length <= WINDOW:
        return [0]
    return sorted({*range(0, length - WINDOW + 1, STRIDE), length - WINDOW})


def main():
    job = json.loads(sys.argv[1])
    torch.set_num_threads(job["threads"])
    weights = Floats(load_file(job["weights"]))
    pixels = numpy.load(job["file"])
    options = {"patchSize": 16, "heads": 6, "depth": 12, "decoderDepth": 2, "imageSize": 224}
    for line in sys.stdin:
        began = time.perf_counter()
        with torch.inference_mode():
            image = (torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255 - MEAN) / DEVIATION
            height, width = image.shape[2:]
            places = [(top, left) for top in starts(height) for left in starts(width)]
            windows = torch.cat([image[:, :, top : top + WINDOW, left : left + WINDOW] for top, left in places])
            logits = reference.vit_mask(weights, windows, options)[-1]
            logits = F.interpolate(logits, size=windows.shape[2:], mode="bilinear", align_corners=False)
            total = torch.zeros(1, logits.shape[1], height, width)
            count = torch.zeros(1, 1, height, width)
            for place, (top, left) in enumerate(places):
                total[:, :, top : top + WINDOW, left : left + WINDOW] += logits[place]
                count[:, :, top : top + WINDOW, left : left + WINDOW] += 1
            size = (job["height"], job["width"])
            total = F.interpolate(total / count, size=size, mode="bilinear", align_corners=False)
            mask = total.softmax(1).argmax(1).to(torch.uint8).numpy()
        seconds = time.perf_counter() - began
        answer = {"seconds": seconds}
        if line.strip() == "mask":
            answer["mask"] = base64.b64encode(mask.tobytes()).decode()
        print(json.dumps(answer), flush=True)


main()
