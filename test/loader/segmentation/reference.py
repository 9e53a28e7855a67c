"""Inputs of segmentation models by torch and colorsys: `reference.py FILE` answers the questions of a JSON file."""

import colorsys
import json
import math
import sys

import numpy
import torch
from torch.nn.functional import interpolate


def resize(case):
    """Bilinear picture and nearest labels, from pixel centres to pixel centres."""
    height, width = case["height"], case["width"]
    size = case["to"]
    image = torch.tensor(case["image"], dtype=torch.float64).reshape(height, width, 3).permute(2, 0, 1)[None]
    labels = torch.tensor(case["labels"], dtype=torch.float64).reshape(1, 1, height, width)
    return {
        "image": interpolate(image, size=size, mode="bilinear", align_corners=False)[0].permute(1, 2, 0).flatten().tolist(),
        "labels": interpolate(labels, size=size, mode="nearest-exact").flatten().int().tolist(),
    }


def cut(value):
    return math.floor(min(255, max(0, value)))


def change(case):
    """Brightness, contrast, saturation and hue of bytes, one pixel after the other."""
    result = []
    for pixel in numpy.array(case["image"]).reshape(-1, 3).tolist():
        pixel = [cut(value + case["brightness"]) for value in pixel]
        if case["contrastFirst"]:
            pixel = [cut(value * case["contrast"]) for value in pixel]
        if case["saturation"] != 1 or case["hue"] != 0:
            hue, saturation, value = colorsys.rgb_to_hsv(*[value / 255 for value in pixel])
            saturation = min(1, saturation * case["saturation"])
            hue = (hue + case["hue"] / 180) % 1
            pixel = [math.floor(value * 255 + 0.5) for value in colorsys.hsv_to_rgb(hue, saturation, value)]
        if not case["contrastFirst"]:
            pixel = [cut(value * case["contrast"]) for value in pixel]
        result += pixel
    return result


with open(sys.argv[1]) as file:
    questions = json.load(file)
json.dump({"resize": [resize(case) for case in questions["resize"]], "change": [change(case) for case in questions["change"]]}, sys.stdout)
