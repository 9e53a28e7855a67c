"""Which of ImageNet's 1,000 classes a word stands for: models/imagenet-words.json, which imagenet_words.py makes.

lib/text/imagenetWords.ts answers the same question in the same way.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

NAMES_FILE = Path(__file__).resolve().parents[2] / "models/imagenet-words.json"


class Found(NamedTuple):
    """Class indices, ascending, and how they were found: 'name', 'wordnet' or 'alias'."""

    indices: list[int]
    source: str


def normal(word: str) -> str:
    """Lower case without white space, hyphens and underscores, so that "TV monitor" and "tvmonitor" are one word."""
    return re.sub(r"[\s_-]+", "", word).lower()


def imagenet_classes_of(word: str) -> Found | None:
    """The classes that `word` stands for; None for a word that leads to none.

    'name' is a name of one class, 'wordnet' a word above one or more, 'alias' an entry of our own list, which comes
    first: it is there because WordNet knows no such word, or means something else by it.
    """
    table, key = _table(), normal(word)
    if key in table["aliases"]:
        return Found(_numbers(table["aliases"][key]), "alias")
    if key not in table["words"]:
        return None
    indices = _numbers(table["words"][key])
    named = any(normal(name) == key for index in indices for name in table["classes"][index][1:])
    return Found(indices, "name" if named and len(indices) == 1 else "wordnet")


@cache
def _table() -> dict:
    return json.loads(NAMES_FILE.read_text("utf-8"))


def ranges(indices: set[int]) -> str:
    """Ascending numbers as "7-24 80 127-146"."""
    parts: list[list[int]] = []
    for index in sorted(indices):
        if parts and parts[-1][1] == index - 1:
            parts[-1][1] = index
        else:
            parts.append([index, index])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


def _numbers(ranges: str) -> list[int]:
    found = []
    for part in ranges.split():
        first, _, last = part.partition("-")
        found.extend(range(int(first), int(last or first) + 1))
    return found
