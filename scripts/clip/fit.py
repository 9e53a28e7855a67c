"""Word vectors: from the rows of the 1000-class head, or fitted to labels by logistic regression."""

import torch
import torch.nn.functional as F
from torch import Tensor


def word_from_rows(head: Tensor, indices: list[int]) -> Tensor:
    """The mean of the rows of `indices` [D], each centred (less the mean of all rows of `head` [1000,D]) and of unit length."""
    rows = F.normalize(head - head.mean(0), dim=1)[indices]
    return F.normalize(rows.mean(0), dim=0)


def logistic(features: Tensor, present: Tensor, ridge: float = 1e-3) -> Tensor:
    """The direction [D], of unit length, that tells pictures with a word from those without it.

    Logistic regression on `features` [N,D] scaled to unit variance as a whole; `present` [N] is 0 or 1. Pictures
    with the word weigh together as much as those without. `ridge` is the factor of ‖w‖² / 2.
    """
    x = features.double()
    x = x / x.pow(2).mean().sqrt()
    y = present.double()
    share = y.mean()
    if not 0 < share < 1:
        raise ValueError("a word that all pictures have, or none, cannot be fitted")
    weights = torch.where(y > 0, 0.5 / share, 0.5 / (1 - share))
    vector = torch.zeros(x.shape[1] + 1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([vector], max_iter=200, tolerance_grad=1e-7, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        logits = x @ vector[:-1] + vector[-1]
        value = F.binary_cross_entropy_with_logits(logits, y, weights) + ridge / 2 * vector[:-1].pow(2).sum()
        value.backward()
        return value

    optimiser.step(loss)
    return F.normalize(vector.detach()[:-1], dim=0).float()


def average_precision(scores: Tensor, present: Tensor) -> float:
    """Area under precision over recall: the mean precision at each positive [N], NaN without one."""
    hits = present[scores.argsort(descending=True)]
    precision = hits.cumsum(0) / torch.arange(1, len(hits) + 1)
    return float((precision * hits).sum() / hits.sum())
