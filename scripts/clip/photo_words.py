"""The words of a stand-in CLIP, learned from photographs: classes from ImageNet's rows or labels, backgrounds from captions."""

from dataclasses import dataclass

import torch
from torch import Tensor

from fit import logistic, word_from_rows
from focus import focused
from photographs import Photographs
from words import imagenet_classes_of, normal

# ImageNet has three classes of people, by what they do, and no faces: no rows stand for these words.
FITTED = ("person", "people", "player", "man", "woman", "child", "face", "body")


@dataclass
class Word:
    """A name of a class or background with its vector [1280], and where this comes from."""

    name: str
    vector: Tensor
    source: dict
    # The same class by another name: "tvmonitor" beside "tv monitor". Known, but not searched for nearest words.
    other_name: bool = False


@dataclass
class Seen:
    """What the network makes of the photographs of one folder: pooled features [N,1280] and maps [N,P,1280] (half)."""

    folder: Photographs
    pooled: Tensor
    maps: Tensor


def class_words(seen: list[Seen], head: Tensor, focus: float) -> list[Word]:
    """One word for each name of a class: the text it is prompted with, and its label."""
    names: dict[str, list[str]] = {}
    for one in [one for part in seen for one in part.folder.classes]:
        names.setdefault(one["label"], []).extend([one.get("prompt", one["label"]), one["label"]])
    labels = torch.cat([aligned(one.folder, list(names)) for one in seen])
    pooled = torch.cat([one.pooled for one in seen])
    found = []
    for index, (label, own) in enumerate(names.items()):
        # Only folders that know the class say anything about pictures without it.
        knows = torch.cat([torch.full((len(one.pooled),), one.folder.knows(label)) for one in seen])
        found.append(class_vector(own, label, pooled[knows], labels[knows, index], head))
    vectors = torch.stack([vector for vector, _ in found])
    if focus > 0:
        vectors = focused(vectors, torch.cat([one.maps for one in seen]), labels, focus)
    words: dict[str, Word] = {}
    for own, vector, (_, source) in zip(names.values(), vectors, found):
        for name in own:
            words.setdefault(name, Word(name, vector, source, name != own[0]))
    return list(words.values())


def aligned(folder: Photographs, labels: list[str]) -> Tensor:
    """The labels of the folder's photographs as columns of `labels` [N, labels]."""
    found = torch.zeros(len(folder.files), len(labels))
    for at, one in enumerate(folder.classes):
        found[:, labels.index(one["label"])] = folder.labels[:, at]
    return found


def class_vector(names: list[str], label: str, features: Tensor, present: Tensor, head: Tensor) -> tuple[Tensor, dict]:
    """From the rows that the first of `names` leads to; else fitted to the photographs with the label `label`."""
    for name in names:
        rows = None if any(normal(one) in FITTED for one in names) else imagenet_classes_of(name)
        if rows:
            return word_from_rows(head, rows.indices), {"rows": rows.indices, "by": rows.source, "name": name}
    return fitted(label, features, present, "labels.csv")


def background_words(seen: list[Seen]) -> list[Word]:
    found = []
    for name in sorted({word for one in seen for word in one.folder.background_words}):
        used = [one for one in seen if name in one.folder.background_words]
        present = torch.cat([one.folder.backgrounds[:, one.folder.background_words.index(name)] for one in used])
        found.append(Word(name, *fitted(name, torch.cat([one.pooled for one in used]), present, "backgrounds.csv")))
    return found


def fitted(name: str, features: Tensor, present: Tensor, by: str) -> tuple[Tensor, dict]:
    positives = int(present.sum())
    if not 0 < positives < len(present):
        raise SystemExit(f"{name!r} has no rows of ImageNet, and {positives} of {len(present)} photographs show it.")
    return logistic(features, present), {"fitted": by, "positives": positives, "of": len(present)}
