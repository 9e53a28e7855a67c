"""COCO's own API over a results file: pycoco.py TRUTH RESULTS prints JSON: the pixels of each entry, row by row, with its ids;
and what pycocotools encodes of the same pixels.
"""

import contextlib
import io
import json
import sys

import numpy
from pycocotools import mask
from pycocotools.coco import COCO

truth, results = sys.argv[1:]
with contextlib.redirect_stdout(io.StringIO()):
    coco = COCO(truth)
    loaded = coco.loadRes(results)
found = []
for entry in loaded.dataset['annotations']:
    pixels = loaded.annToMask(entry)
    again = mask.encode(numpy.asfortranarray(pixels))
    found.append(
        {
            'image': entry['image_id'],
            'category': entry['category_id'],
            'score': entry['score'],
            'area': float(entry['area']),
            'pixels': pixels.flatten().tolist(),
            'counts': again['counts'].decode(),
        }
    )
print(json.dumps(found))
