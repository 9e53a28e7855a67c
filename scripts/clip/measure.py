"""How well a CLIP tells objects from backgrounds in scenes, and whether it understands masked pictures."""

import torch
import torch.nn.functional as F
from torch import Tensor


@torch.no_grad()
def measure(clip: torch.jit.ScriptModule, probes: dict) -> dict[str, float]:
    """Accuracies and mean cosines.

    `probes`: pictures of one object on a background that is not its typical one; `wholes`: on its typical one.
    Each is (normalised pictures [N,3,S,S], object masks [N,1,S,S], [N,2] object and background). `text_tokens`: the
    label texts of the objects, then of the backgrounds.
    """
    texts = F.normalize(clip.encode_text(probes["text_tokens"]), dim=-1)
    count = len(probes["objects"])
    objects, backgrounds = texts[:count], texts[count:]

    def cosines(pictures: Tensor, against: Tensor) -> Tensor:
        features = torch.cat([clip.encode_image(part) for part in pictures.split(100)])
        return F.normalize(features, dim=-1) @ against.T

    pictures, _, labels = probes["probes"]
    seen, stands_on = labels[:, 0], labels[:, 1]
    similarity = cosines(pictures, objects)
    right = similarity.gather(1, seen[:, None])[:, 0]
    wrong = (similarity.sum(1) - right) / (count - 1)
    found = {
        "object accuracy, background unrelated": (similarity.argmax(1) == seen).float().mean(),
        "background accuracy": (cosines(pictures, backgrounds).argmax(1) == stands_on).float().mean(),
        "cosine to the right object": right.mean(),
        "cosine to a wrong object": wrong.mean(),
    }
    pictures, masks, labels = probes["wholes"]
    own = labels[:, :1]
    masked = {"object cut out": pictures * masks, "whole picture": pictures, "object removed": pictures * (1 - masks)}
    for name, views in masked.items():
        similarity = cosines(views, objects)
        found[f"{name}: cosine to the object"] = similarity.gather(1, own).mean()
        found[f"{name}: object accuracy"] = (similarity.argmax(1, keepdim=True) == own).float().mean()
    behind = cosines(masked["object removed"], backgrounds).gather(1, labels[:, 1:])
    found["object removed: cosine to the background"] = behind.mean()
    front = cosines(masked["object cut out"], backgrounds).gather(1, labels[:, 1:])
    found["object cut out: cosine to the background"] = front.mean()
    return {name: round(value.item(), 4) for name, value in found.items()}
