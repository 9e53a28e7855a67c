"""Makes models/imagenet-words.json: the names of ImageNet's 1,000 classes, and of what stands above them in WordNet.

    apt-get install wordnet-base                        # WordNet 3.0, which ImageNet numbers its classes by
    pip download --no-deps timm==1.0.31 && unzip timm-*.whl 'timm/data/_info/imagenet_synsets.txt'
    python scripts/clip/imagenet_words.py --wordnet /usr/share/wordnet --synsets timm/data/_info/imagenet_synsets.txt

A word stands for the first (most frequent) of its noun senses that has any of the classes at or below it.
"""

import argparse
import hashlib
import json
import os
import textwrap
from pathlib import Path

from words import NAMES_FILE, normal, ranges

SOURCE = (
    "Names and their order above one another: WordNet 3.0 (Debian package wordnet-base), nouns. Which of its synsets "
    "are the classes of ILSVRC 2012, in which order: imagenet_synsets.txt of timm 1.0.31. Aliases: semples."
)
# A word for more than half of everything (object, whole, artefact) says nothing about a picture.
BROADEST = 500
# Ours: words of VOC, COCO and MSRC that WordNet does not lead to a class, or to too few of them, or to others than
# those data sets mean. Classes by their first names.
TRAINS = "bullet train, electric locomotive, freight car, passenger car, steam locomotive, streetcar"
BALLS = "baseball, basketball, golf ball, rugby ball, soccer ball, tennis ball, volleyball"
AEROPLANES, CATTLE, MOTORCYCLES = "airliner, warplane, wing", "ox, water buffalo, bison", "moped, motor scooter"
SCREENS, FLOWERPOTS = "monitor, screen, television", "pot, vase"
ALIASES = {
    "aeroplane": AEROPLANES,
    "airplane": AEROPLANES,
    "ball": BALLS,
    "boat": (
        "canoe, catamaran, container ship, fireboat, gondola, lifeboat, liner, pirate, schooner, speedboat, trimaran, yawl"
    ),
    "book": "comic book, book jacket, bookcase",
    "cattle": CATTLE,
    "couch": "studio couch",
    "cow": CATTLE,
    "handbag": "purse, mailbag",
    "motorbike": MOTORCYCLES,
    "motorcycle": MOTORCYCLES,
    "oven": "microwave, rotisserie, stove",
    "plane": AEROPLANES,
    "potted plant": FLOWERPOTS,
    "sheep": "ram, bighorn",
    "sign": "street sign, traffic light",
    "sink": "washbasin",
    "skis": "ski",
    "sports ball": BALLS,
    "stop sign": "street sign",
    "tennis racket": "racket",
    "toilet": "toilet seat",
    "traffic sign": "street sign",
    "train": TRAINS,
    "tv": SCREENS,
    "tv monitor": SCREENS,
    "wine glass": "goblet, beer glass, red wine",
}


class Nouns:
    """WordNet's nouns: lemmas and hypernyms by synset, synsets by lemma in order of frequency."""

    def __init__(self, folder: Path):
        self.lemmas: dict[int, list[str]] = {}
        self.above: dict[int, list[int]] = {}
        for line in _lines(folder / "data.noun"):
            fields = line.partition("|")[0].split()
            synset, count = int(fields[0]), int(fields[3], 16)
            self.lemmas[synset] = [word.replace("_", " ") for word in fields[4 : 4 + 2 * count : 2]]
            pointers = fields[5 + 2 * count :]
            # Four fields a pointer: symbol, synset, part of speech, words. "@" is a hypernym, "@i" an instance's.
            self.above[synset] = [
                int(pointers[at + 1]) for at in range(0, len(pointers), 4) if pointers[at] in ("@", "@i")
            ]
        self.senses: dict[str, list[int]] = {}
        for line in _lines(folder / "index.noun"):
            fields = line.split()
            count = int(fields[2])
            # Two spellings may have one normal form: "ashcan" is a bin, "ash can" a depth charge.
            self.senses.setdefault(normal(fields[0]), []).extend(int(synset) for synset in fields[-count:])

    def chain(self, synset: int) -> set[int]:
        """The synset and all that stand above it."""
        found, waiting = set(), [synset]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting.extend(self.above[one])
        return found


def _lines(file: Path) -> list[str]:
    """The lines of a database file without its head, which is indented."""
    return [line for line in file.read_text("utf-8").splitlines() if not line.startswith(" ")]


def words_above(nouns: Nouns, classes: list[int]) -> dict[str, str]:
    """Normal form → class indices, for every word that stands for one of `classes` or more."""
    below: dict[int, set[int]] = {}
    for index, synset in enumerate(classes):
        for one in nouns.chain(synset):
            below.setdefault(one, set()).add(index)
    found = {}
    for word in sorted({normal(lemma) for synset in below for lemma in nouns.lemmas[synset]}):
        sense = next((one for one in nouns.senses[word] if one in below), None)
        if sense is not None and len(below[sense]) <= BROADEST:
            found[word] = ranges(below[sense])
    return found


def aliases(first_names: list[str]) -> dict[str, str]:
    """Normal form → class indices of ALIASES."""
    return {
        normal(word): ranges({first_names.index(name) for name in names.split(", ")}) for word, names in ALIASES.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wordnet", type=Path, required=True, help="folder of data.noun and index.noun, WordNet 3.0")
    parser.add_argument("--synsets", type=Path, required=True, help="the 1,000 classes, one a line: n01440764")
    parser.add_argument("--out", type=Path, default=NAMES_FILE, help="(default: models/imagenet-words.json)")
    options = parser.parse_args()

    nouns = Nouns(options.wordnet)
    synsets = options.synsets.read_text().split()
    if len(synsets) != 1000:
        raise SystemExit(f"{options.synsets}: 1000 synsets are expected, {len(synsets)} found.")
    classes = [int(name[1:]) for name in synsets]
    content = {
        "about": "ImageNet's 1,000 classes (ILSVRC 2012) and the words above them; made by imagenet_words.py.",
        "source": SOURCE,
        "licence": licence(options.wordnet),
        "sha256": {
            file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in (options.wordnet / "data.noun", options.wordnet / "index.noun", options.synsets)
        },
        "classes": [[name, *nouns.lemmas[synset]] for name, synset in zip(synsets, classes)],
        "words": words_above(nouns, classes),
        "aliases": aliases([nouns.lemmas[synset][0] for synset in classes]),
    }
    partial = options.out.with_name(f"{options.out.name}.{os.getpid()}.partial")
    partial.write_text(written(content), "utf-8")
    os.replace(partial, options.out)
    print(f"{options.out}: {len(content['words'])} words, {len(ALIASES)} aliases, {options.out.stat().st_size} bytes")


def licence(folder: Path) -> list[str]:
    """WordNet's licence, which stands at the head of each of its files behind line numbers."""
    head = [line for line in (folder / "data.noun").read_text("utf-8").splitlines() if line.startswith("  ")]
    return textwrap.wrap(" ".join(word for line in head for word in line.split()[1:]), 110)


def written(content: dict) -> str:
    """JSON with one entry a line, for people who look a word up."""
    parts = []
    for key, value in content.items():
        if isinstance(value, dict):
            rows = [f"  {_json(name)}: {_json(entry)}" for name, entry in value.items()]
            parts.append(f"{_json(key)}: {{\n" + ",\n".join(rows) + "\n }")
        elif isinstance(value, list):
            parts.append(f"{_json(key)}: [\n" + ",\n".join(f"  {_json(entry)}" for entry in value) + "\n ]")
        else:
            parts.append(f"{_json(key)}: {_json(value)}")
    return "{\n " + ",\n ".join(parts) + "\n}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    main()
