"""How well a stand-in CLIP knows its words on photographs. Masks are looked at in `measure_masks` alone."""

import torch
import torch.nn.functional as F
from torch import Tensor

from fit import average_precision
from photographs import Photographs


def measure_words(folder: Photographs, features: Tensor, vectors: dict[str, Tensor]) -> dict[str, float]:
    """Accuracy among the folder's classes, and mean average precision of classes and of background words.

    `features` [N,1280] are centred. A picture is right where its most similar class is one of its labels; pictures
    without a label are left out.
    """
    found: dict[str, float] = {}
    names = [one["label"] for one in folder.classes]
    if all(name in vectors for name in names):
        cosines = _cosines(features, [vectors[name] for name in names])
        labelled = folder.labels.any(1)
        right = folder.labels.gather(1, cosines.argmax(1, keepdim=True))[:, 0]
        found["class accuracy"] = _round(right[labelled].mean())
        found["class mean average precision"] = _mean_precision(cosines, folder.labels)
    if folder.backgrounds is not None and all(name in vectors for name in folder.background_words):
        cosines = _cosines(features, [vectors[name] for name in folder.background_words])
        found["background mean average precision"] = _mean_precision(cosines, folder.backgrounds)
    return found


@torch.no_grad()
def measure_masks(
    model: torch.nn.Module, folder: Photographs, vectors: dict[str, Tensor], size: int
) -> dict[str, float]:
    """Mean cosine to the own class of the objects cut out, of whole pictures and of what is left without the objects.

    Over pictures with one label whose mask shows it. A CLIP that serves has the three in this order.
    """
    names = [one["label"] for one in folder.classes]
    sums: dict[str, list[tuple[float, float]]] = {}
    for index in range(len(folder.files)):
        own = [at for at, label in enumerate(folder.labels[index]) if label]
        ids = folder.mask(index, size) if len(own) == 1 else None
        if ids is None or not (ids == folder.classes[own[0]]["id"]).any():
            continue
        picture, mask = folder.pixels(index, size), (ids == folder.classes[own[0]]["id"]).float()
        views = {"cut out": picture * mask, "whole": picture, "without the object": picture * (1 - mask)}
        features = model.encode_image(torch.stack(list(views.values())))
        cosines = _cosines(features, [vectors[name] for name in names])
        for view, row in zip(views, cosines):
            sums.setdefault(view, []).append((float(row[own[0]]), float(row.argmax() == own[0])))
    found = {}
    for view, values in sums.items():
        table = torch.tensor(values)
        found[f"{view}: cosine to the class"] = _round(table[:, 0].mean())
        found[f"{view}: class accuracy"] = _round(table[:, 1].mean())
    return found


def _cosines(features: Tensor, vectors: list[Tensor]) -> Tensor:
    return F.normalize(features, dim=1) @ F.normalize(torch.stack(vectors), dim=1).T


def _mean_precision(cosines: Tensor, present: Tensor) -> float:
    shown = [at for at in range(present.shape[1]) if present[:, at].any()]
    return _round(torch.tensor([average_precision(cosines[:, at], present[:, at]) for at in shown]).mean())


def _round(value: Tensor) -> float:
    return round(float(value), 4)
