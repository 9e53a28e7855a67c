"""Masks for test/runs/annotations/readBack.test.ts, and an independent reader of what is exported of them.

python readBack.py make FOLDER                        writes FOLDER/masks, FOLDER/images, FOLDER/classes.json
python readBack.py check FORMAT OUT MASKS IMAGES      prints JSON: what every annotation gives back, compared with the masks
"""
import contextlib
import json
import os
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
from PIL import Image
from pycocotools.coco import COCO


def blobs(random, height, width, classes):
    noise = random.normal(size=(height, width))
    for _ in range(4):
        noise = (noise + np.roll(noise, 1, 0) + np.roll(noise, -1, 0) + np.roll(noise, 1, 1) + np.roll(noise, -1, 1)) / 5
    levels = np.quantile(noise, np.linspace(0.4, 1, classes + 1))
    return np.digitize(noise, levels[:-1]).astype("u1")


def drawn():
    """Shapes that outlines may go wrong at, by name."""
    masks = {}
    ring = np.zeros((20, 30), "u1")
    ring[2:18, 3:27] = 1
    ring[5:15, 6:20] = 0
    ring[8:11, 9:14] = 1  # an island in the hole
    ring[3:5, 22:25] = 0  # a second hole
    masks["holes"] = ring
    lines = np.zeros((24, 24), "u1")
    lines[3, 1:23] = 1
    lines[6:22, 2] = 2
    np.fill_diagonal(lines[7:, 5:], 3)
    lines[23, 23] = 1
    masks["lines"] = lines
    corners = np.zeros((9, 9), "u1")
    corners[1:4, 1:4] = 1
    corners[4:7, 4:7] = 1
    corners[2, 2] = 0  # touches nothing
    corners[5, 5] = 0
    corners[7, 7] = 0
    masks["corners"] = corners
    pinched = np.ones((7, 7), "u1")
    pinched[2, 2] = pinched[3, 3] = pinched[4, 4] = pinched[0, 6] = 0  # holes that touch at corners
    masks["pinched"] = pinched
    masks["checkers"] = (np.indices((8, 10)).sum(0) % 2).astype("u1")
    masks["full"] = np.full((11, 7), 2, "u1")
    masks["pixel"] = np.ones((1, 1), "u1")
    masks["row"] = np.array([[1, 1, 0, 2, 255, 1]], "u1")
    masks["empty"] = np.zeros((5, 6), "u1")
    void = np.full((12, 12), 255, "u1")
    void[2:10, 2:10] = 3
    void[4:6, 4:6] = 255
    masks["void"] = void
    border = np.ones((10, 14), "u1")
    border[1:-1, 1:-1] = 0
    masks["border"] = border
    return masks


def make(folder):
    random = np.random.default_rng(5)
    masks = drawn()
    for index in range(12):
        height, width = random.integers(8, 70, 2)
        masks[f"blobs/{index}"] = blobs(random, int(height), int(width), 3)
    for index in range(6):
        noise = random.choice([0, 1, 2, 255], size=(17, 23), p=[0.4, 0.35, 0.2, 0.05])
        masks[f"noise/{index}"] = noise.astype("u1")
    palette = [value for index in range(256) for value in (index, 255 - index, index * 7 % 256)]
    for name, mask in masks.items():
        for kind, extension in (("masks", "png"), ("images", "jpg")):
            os.makedirs(os.path.dirname(f"{folder}/{kind}/{name}"), exist_ok=True)
        image = Image.fromarray(mask, mode="P")
        image.putpalette(palette)
        image.save(f"{folder}/masks/{name}.png")
        Image.new("RGB", image.size, (90, 90, 90)).save(f"{folder}/images/{name}.jpg")
    with open(f"{folder}/classes.json", "w") as file:
        json.dump([{"id": 1, "label": "one & a half"}, {"id": 2, "label": 'a "two" <b>'}, {"id": 3, "label": "Größe 三"}], file)


def components(mask):
    """Pixels that touch by side or corner, class by class: a flood of its own."""
    left = np.array((mask != 0) & (mask != 255))
    found = []
    for start in zip(*np.nonzero(left)):
        if not left[start]:
            continue
        value, part, open_pixels = mask[start], np.zeros(mask.shape, bool), [start]
        left[start] = False
        while open_pixels:
            y, x = open_pixels.pop()
            part[y, x] = True
            for row in range(max(0, y - 1), min(mask.shape[0], y + 2)):
                for column in range(max(0, x - 1), min(mask.shape[1], x + 2)):
                    if left[row, column] and mask[row, column] == value:
                        left[row, column] = False
                        open_pixels.append((row, column))
        found.append((int(value), part))
    return found


def filled(points, shape):
    """Pixels whose centres lie in a polygon, by the even-odd rule."""
    inside = np.zeros(shape, bool)
    columns = np.arange(shape[1]) + 0.5
    for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1]):
        for row in range(shape[0]):
            y = row + 0.5
            if (y0 <= y) != (y1 <= y):
                inside[row] ^= columns > x0 + (x1 - x0) * (y - y0) / (y1 - y0)
    return inside


def read_coco(out):
    coco = COCO(out)
    names = {category["id"]: category["name"] for category in coco.loadCats(coco.getCatIds())}
    for image in coco.loadImgs(coco.getImgIds()):
        shape, objects = (image["height"], image["width"]), []
        for annotation in coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]])):
            pixels = coco.annToMask(annotation).astype(bool)
            assert annotation["iscrowd"] == 0
            objects.append((names[annotation["category_id"]], pixels, annotation["area"], annotation["bbox"]))
        yield image["file_name"], shape, objects


def read_labelme(out, images):
    for folder, _, files in os.walk(out):
        for name in sorted(files):
            if not name.endswith(".json"):
                continue
            with open(os.path.join(folder, name)) as file:
                data = json.load(file)
            assert set(data) == {"version", "flags", "shapes", "imagePath", "imageData", "imageHeight", "imageWidth"}
            path = os.path.normpath(os.path.join(folder, data["imagePath"]))
            assert os.path.isfile(path) and data["imageData"] is None
            shape, groups = (data["imageHeight"], data["imageWidth"]), {}
            for index, each in enumerate(data["shapes"]):
                assert each["shape_type"] == "polygon"
                key = (each["label"], each["group_id"] or -1 - index)
                groups[key] = groups.get(key, False) | filled([tuple(point) for point in each["points"]], shape)
            yield os.path.relpath(path, images), shape, [(key[0], pixels, None, None) for key, pixels in groups.items()]


def read_cvat(out):
    root = ElementTree.parse(out).getroot()
    assert root.tag == "annotations" and root.findtext("version") == "1.1"
    labels = [label.text for label in root.findall("meta/task/labels/label/name")]
    for index, image in enumerate(root.findall("image")):
        assert int(image.get("id")) == index
        shape, groups = (int(image.get("height")), int(image.get("width"))), {}
        for number, element in enumerate(image):
            assert element.get("label") in labels
            key = (element.get("label"), int(element.get("group_id") or -1 - number))
            if element.tag == "polygon":
                points = [tuple(float(value) for value in pair.split(",")) for pair in element.get("points").split(";")]
                pixels = filled(points, shape)
            else:
                width, height = int(element.get("width")), int(element.get("height"))
                left, top = int(element.get("left")), int(element.get("top"))
                runs = [int(value) for value in element.get("rle").split(",")]
                values = np.repeat(np.arange(len(runs)) % 2, runs).astype(bool)
                pixels = np.zeros(shape, bool)
                pixels[top : top + height, left : left + width] = values.reshape(height, width)
            groups[key] = groups.get(key, False) | pixels
        yield image.get("name"), shape, [(key[0], pixels, None, None) for key, pixels in groups.items()]


def check(form, out, masks, images):
    reader = {"coco": lambda: read_coco(out), "labelme": lambda: read_labelme(out, images), "cvat": lambda: read_cvat(out)}
    pictures = {}
    for name, shape, objects in reader[form]():
        mask = np.array(Image.open(os.path.join(masks, os.path.splitext(name)[0] + ".png")))
        assert mask.shape == shape, name
        truth = components(mask)
        best = []
        for label, pixels, area, box in objects:
            value, part = max(truth, key=lambda each: (each[1] & pixels).sum())
            iou = (part & pixels).sum() / (part | pixels).sum()
            rows, columns = np.nonzero(part)
            tight = [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
            best.append({"label": label, "id": value, "iou": float(iou),
                         "measured": area is None or bool(area == part.sum() and box == tight)})
        union = {}
        for label, pixels, _, _ in objects:
            union[label] = union.get(label, False) | pixels
        pictures[name] = {"components": len(truth), "objects": best, "classes": len({value for value, _ in truth}),
                          "pixels": {label: int(pixels.sum()) for label, pixels in union.items()},
                          "truth": {int(value): int((mask == value).sum()) for value in {v for v, _ in truth}}}
    return pictures


if sys.argv[1] == "make":
    make(sys.argv[2])
else:
    with contextlib.redirect_stdout(sys.stderr):  # pycocotools prints what it does
        result = check(*sys.argv[2:])
    print(json.dumps(result))
