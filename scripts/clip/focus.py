"""Turns the vectors of classes from their usual surroundings towards the objects themselves. No mask is needed."""

import torch
import torch.nn.functional as F
from torch import Tensor

# Where a class answers above this part of its greatest answer in a picture is taken for the object, below the other
# one for its surroundings.
OBJECT, SURROUNDINGS = 0.5, 0.25
# How much is added to the diagonal of the covariance, as a multiple of its mean.
SHRINKAGE = 10.0


def focused(vectors: Tensor, maps: Tensor, labels: Tensor, weight: float) -> Tensor:
    """`vectors` [C,D] plus `weight` times Fisher's discriminant of each class, all of unit length.

    A row of a classifier answers to rails as well as to trains. So the places of the photographs of a class are
    parted by its own vector into object and surroundings, and the discriminant tells the objects of the class
    from its surroundings and from the objects of other classes, in equal shares. `maps` [N,P,D] are centred
    features of places, `labels` [N,C] 0 or 1. A class without such places keeps its vector.
    """
    objects, surroundings, classes = _parts(vectors, maps, labels)
    if len(classes) == 0:
        return vectors
    everything = torch.cat([objects, surroundings])
    covariance = torch.cov(everything.T)
    covariance.diagonal().add_(SHRINKAGE * covariance.diagonal().mean().clamp(min=1e-6))
    factor = torch.linalg.cholesky(covariance)
    means = {index: objects[classes == index].mean(0) for index in classes.unique().tolist()}
    found = vectors.clone()
    for index, mean in means.items():
        against = surroundings[classes == index].mean(0)
        others = [one for other, one in means.items() if other != index]
        if others:
            against = (against + torch.stack(others).mean(0)) / 2
        direction = torch.cholesky_solve((mean - against)[:, None], factor)[:, 0]
        found[index] = F.normalize(vectors[index] + weight * F.normalize(direction, dim=0), dim=0)
    return found


def apart(vectors: Tensor, backgrounds: Tensor, share: float) -> Tensor:
    """`vectors` [C,D] less `share` of what lies in the span of `backgrounds` [K,D], of unit length.

    With all of it taken away no class is like water or like the sky, whose prompts the classes would else repel.
    """
    span = torch.linalg.qr(backgrounds.T).Q
    return F.normalize(vectors - share * (vectors @ span) @ span.T, dim=1)


def _parts(vectors: Tensor, maps: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Features of objects and of surroundings [K,D], of unit length, and the class [K] of each, from all pictures."""
    objects, surroundings, classes = [], [], []
    for places, row in zip(maps, labels):
        directions = F.normalize(places.float(), dim=1)
        for index in row.nonzero()[:, 0].tolist():
            answer = (directions @ vectors[index]).relu()
            inside, outside = answer > OBJECT * answer.max(), answer < SURROUNDINGS * answer.max()
            if inside.any() and outside.any():
                objects.append(places[inside].float().mean(0))
                surroundings.append(places[outside].float().mean(0))
                classes.append(index)
    if not classes:
        return torch.empty(0), torch.empty(0), torch.empty(0)
    return F.normalize(torch.stack(objects), dim=1), F.normalize(torch.stack(surroundings), dim=1), torch.tensor(classes)
