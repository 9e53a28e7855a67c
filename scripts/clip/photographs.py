"""Folders of photographs with labels, as photos.py learns from them and semples takes them.

Either one sub-folder a class, or labels.csv beside images/ (or beside the pictures); classes.json and backgrounds.csv
where they are there. Masks are read by nothing here but `mask`, which serves measurements.
"""

import csv
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

# ImageNet's statistics: the stages normalise with them, and mask out with their zero.
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


class Photographs:
    """One folder. `labels` [N, classes] and `backgrounds` [N, words] (None without backgrounds.csv) are 0 or 1."""

    def __init__(self, folder: Path, chosen: Path | None = None):
        """`chosen`: a file of the names to use, one a line ("00364971.jpg"); all that labels.csv lists by default."""
        self.folder = folder
        self.images = folder / "images" if (folder / "images").is_dir() else folder
        labels = _labels(folder)
        self.files = _chosen(chosen, labels, folder) if chosen else list(labels)
        self.classes = _classes(folder, labels)
        names = [one["label"] for one in self.classes]
        unknown = {label for file in self.files for label in labels[file]} - set(names)
        if unknown:
            raise SystemExit(f"{folder}: {min(unknown)!r} is a label, and classes.json has no such class.")
        self.labels = _matrix([labels[file] for file in self.files], names)
        self.background_words: list[str] = []
        self.backgrounds: Tensor | None = None
        if (folder / "backgrounds.csv").exists():
            seen = _lists(folder / "backgrounds.csv")
            self.background_words = sorted({word for words in seen.values() for word in words})
            self.backgrounds = _matrix([seen.get(file, []) for file in self.files], self.background_words)

    def knows(self, label: str) -> bool:
        return any(one["label"] == label for one in self.classes)

    def pixels(self, index: int, size: int) -> Tensor:
        """A picture squeezed to size x size (bilinear, antialiased), ImageNet-normalised [3,size,size]."""
        with Image.open(self.images / self.files[index]) as picture:
            small = np.asarray(picture.convert("RGB").resize((size, size), Image.Resampling.BILINEAR))
        mean, std = torch.tensor(MEAN).view(3, 1, 1), torch.tensor(STD).view(3, 1, 1)
        return (torch.from_numpy(small.copy()).permute(2, 0, 1).float() / 255 - mean) / std

    def mask(self, index: int, size: int) -> Tensor | None:
        """Class ids [size,size], 255 where nothing is known; None without a file. For measurements only."""
        file = self.folder / "masks" / Path(self.files[index]).with_suffix(".png")
        if not file.exists():
            return None
        with Image.open(file) as picture:
            return torch.from_numpy(np.array(picture.resize((size, size), Image.Resampling.NEAREST)))


PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}


def _labels(folder: Path) -> dict[str, list[str]]:
    """Labels by picture, as the path within the folder of the pictures."""
    if (folder / "labels.csv").exists():
        return _lists(folder / "labels.csv")
    found = {}
    for own in sorted(folder.iterdir()) if folder.is_dir() else []:
        # `_background` and hidden folders are no classes.
        if not own.is_dir() or own.name.startswith((".", "_")):
            continue
        for file in sorted(own.iterdir()):
            if file.suffix.lower() in PICTURES and not file.name.startswith("."):
                found[f"{own.name}/{file.name}"] = [own.name]
    if not found:
        raise SystemExit(
            f"{folder} has neither labels.csv nor one folder a class with pictures in it. "
            f"Other forms: npx semples convert --data {folder} --out FOLDER, then --data FOLDER."
        )
    return found


def _classes(folder: Path, labels: dict[str, list[str]]) -> list[dict]:
    """The list of classes.json, or the list within it as semples writes it; else all labels, by name."""
    file = folder / "classes.json"
    if file.exists():
        table = json.loads(file.read_text("utf-8"))
        listed = table["classes"] if isinstance(table, dict) else table
    else:
        listed = [{"label": label} for label in sorted({label for own in labels.values() for label in own})]
    defaults = [{"id": at + 1, "prompt": one["label"].replace("_", " ")} for at, one in enumerate(listed)]
    return [{**default, **one} for default, one in zip(defaults, listed)]


def _lists(file: Path) -> dict[str, list[str]]:
    """A table of file names and words with semicolons between them, behind one line of titles."""
    with file.open(encoding="utf-8", newline="") as lines:
        return {row[0]: [word for word in row[1].split(";") if word] for row in list(csv.reader(lines))[1:] if row}


def _chosen(file: Path, labels: dict[str, list[str]], folder: Path) -> list[str]:
    names = file.read_text("utf-8").split("\n")
    names = [name.strip() for name in names if name.strip()]
    for name in names:
        if name not in labels:
            raise SystemExit(f"{file}: {name!r} is not in the labels of {folder}.")
    if len(set(names)) < len(names) or not names:
        raise SystemExit(f"{file}: expected are file names, one a line, each once.")
    return names


def _matrix(words: list[list[str]], names: list[str]) -> Tensor:
    return torch.tensor([[float(name in present) for name in names] for present in words])
