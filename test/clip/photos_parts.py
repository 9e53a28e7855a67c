"""Tries parts of photos.py on made-up numbers, and prints as JSON what test/clip/photos.test.ts expects something of."""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
import torch.nn.functional as F
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts/clip"))

from fit import average_precision, logistic  # noqa: E402
from focus import apart, focused  # noqa: E402
from photographs import Photographs  # noqa: E402
from stand_in import token_table  # noqa: E402


def tokens() -> dict:
    """Names by their tokens; 7 is shared by three, and 9 is a name of its own and the end of another."""
    ids = [[7, 8], [7, 9], [9], [7, 8, 10], [5, 6]]
    vectors = {str(own): vector for own, vector in zip(ids, torch.randn(len(ids), 16))}
    table = token_table(vectors, ids)
    zero = torch.zeros(16)
    sums = [sum((table.get(token, zero) for token in own), zero) for own in ids]
    wrong = max(float((one - other).abs().max()) for one, other in zip(sums, vectors.values()))
    try:
        token_table({"a": torch.ones(4), "b": torch.zeros(4)}, [[3], [3]])
        refusal = ""
    except SystemExit as error:
        refusal = str(error)
    first = float((table[5] - vectors["[5, 6]"]).abs().max())
    return {"wrong": wrong, "first": first, "later": 6 in table, "refusal": refusal}


def focus() -> dict:
    """Trains on rails and boats on water: each picture has four places of the object and six of its surroundings."""
    train, rails, boat, water = torch.eye(24)[:4]
    maps, labels = [], []
    for index in range(40):
        thing, ground = ((train, rails), (boat, water))[index % 2]
        places = torch.stack([thing] * 4 + [ground] * 6) + 0.05 * torch.randn(10, 24)
        maps.append(places)
        labels.append([1.0 - index % 2, float(index % 2), 0.0])
    # The rows answer to the surroundings too, but less; the third class has no picture.
    rows = F.normalize(torch.stack([train + 0.2 * rails, boat + 0.2 * water, torch.eye(24)[9]]), dim=1)
    found = focused(rows, torch.stack(maps), torch.tensor(labels), 1.0)
    return {
        "before": {"train": float(rows[0] @ train), "rails": float(rows[0] @ rails)},
        "after": {"train": float(found[0] @ train), "rails": float(found[0] @ rails), "boat": float(found[0] @ boat)},
        "apart": float((apart(rows, torch.stack([rails, rails + water]), 1.0) @ torch.stack([rails, water]).T).abs().max()),
        "unseen": torch.equal(found[2], rows[2]),
        "length": float(found[1].norm()),
    }


def fit() -> dict:
    """A word that shows as one direction among noise, in one of eight pictures."""
    direction = F.normalize(torch.randn(32), dim=0)
    present = (torch.arange(400) % 8 == 0).float()
    features = torch.randn(400, 32) + 4 * present[:, None] * direction
    found = logistic(features, present)
    return {
        "cosine": float(found @ direction),
        "precision": average_precision(features @ found, present),
        # By hand: positives at ranks 1, 3 and 4.
        "by hand": average_precision(torch.tensor([9.0, 8, 7, 6, 5]), torch.tensor([1.0, 0, 1, 1, 0])),
    }


def folders() -> dict:
    """Folders as people have them, and as semples writes them."""
    with TemporaryDirectory() as root:
        folder = Path(root) / "classes"
        for name in ["potted_plant/001.jpg", "boat/001.jpg", "boat/notes.txt", "_background/a.jpg", ".cache/b.jpg"]:
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), (200, 10, 10)).save(file, "JPEG") if file.suffix == ".jpg" else file.touch()
        one = Photographs(folder)
        flat = Path(root) / "flat"
        flat.mkdir()
        Image.new("RGB", (8, 8)).save(flat / "a.png")
        (flat / "labels.csv").write_text("file,labels\na.png,boat\n")
        table = [{"id": 4, "label": "cow", "prompt": "cow"}, {"id": 7, "label": "boat", "prompt": "sailing boat"}]
        (flat / "classes.json").write_text(json.dumps({"name": "mine", "classes": table}))
        other = Photographs(flat)
        try:
            Photographs(folder / "boat")
            refusal = ""
        except SystemExit as error:
            refusal = str(error)
        return {
            "files": one.files,
            "classes": one.classes,
            "labels": one.labels.tolist(),
            "shape": list(one.pixels(0, 16).shape),
            "table": other.classes,
            "flat": [other.files, other.labels.tolist(), list(other.pixels(0, 16).shape)],
            "refusal": refusal,
        }


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(json.dumps({"tokens": tokens(), "focus": focus(), "fit": fit(), "folders": folders()}))
