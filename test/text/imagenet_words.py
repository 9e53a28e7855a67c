"""Prints what scripts/clip/words.py says of a JSON list of words."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts/clip"))

from words import imagenet_classes_of  # noqa: E402

found = [imagenet_classes_of(word) for word in json.loads(sys.argv[1])]
print(json.dumps([one and {"indices": one.indices, "source": one.source} for one in found]))
