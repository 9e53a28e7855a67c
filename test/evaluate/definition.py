"""Scores of two folders of masks by their definitions, with nothing but NumPy: python definition.py FOLDER SHARE MIN_AREA

FOLDER has truth/ and masks/ with PNGs of the same names, and classes.json, a list of ids. Boundary IoU is that of Cheng et al.,
Boundary IoU, CVPR 2021: the boundary of a mask is the mask less its erosion by a 3x3 square, repeated d times, zeros outside.
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

VOID = 255


def erode(mask):
    padded = np.pad(mask, 1)
    height, width = mask.shape
    return np.min([padded[y : y + height, x : x + width] for y in range(3) for x in range(3)], axis=0)


def boundary(mask, d):
    eroded = mask
    for _ in range(d):
        eroded = erode(eroded)
    try:
        import cv2

        framed = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        other = cv2.erode(framed, np.ones((3, 3), np.uint8), iterations=d)[1:-1, 1:-1]
        assert (other == eroded).all()
    except ImportError:
        pass
    return mask & ~eroded


def main(folder, share, min_area):
    ids = json.loads((folder / "classes.json").read_text())
    names = sorted(path.name for path in (folder / "truth").iterdir())
    both, either = np.zeros(len(ids)), np.zeros(len(ids))
    matrix = np.zeros((len(ids), len(ids)), np.int64)
    missed = np.zeros(len(ids), np.int64)
    without, areas = [0] * len(ids), [[] for _ in ids]
    mious = {}
    for name in names:
        truth = np.asarray(Image.open(folder / "truth" / name))
        mask = np.asarray(Image.open(folder / "masks" / name))
        valid = truth != VOID
        d = max(1, round(share * (truth.shape[0] ** 2 + truth.shape[1] ** 2) ** 0.5))
        ious = []
        for row, one in enumerate(ids):
            t, m = (truth == one) & valid, (mask == one) & valid
            bt, bm = boundary(t, d), boundary(m, d)
            both[row] += (bt & bm).sum()
            either[row] += (bt | bm).sum()
            for column, other in enumerate(ids):
                matrix[row, column] += (t & (mask == other)).sum()
            missed[row] += (t & (mask == VOID)).sum()
            if (t | m).any():
                ious.append((t & m).sum() / (t | m).sum())
            if not t.any():
                without[row] += 1
                if m.any() and m.sum() >= min_area * valid.sum():
                    areas[row].append(m.sum() / valid.sum())
        mious[name] = float(np.mean(ious)) if ious else None
    found = either > 0
    pairs = [
        [ids[r], ids[c], int(matrix[r, c]), matrix[r, c] / (matrix[r].sum() + missed[r])]
        for r in range(len(ids))
        for c in range(len(ids))
        if r != c and matrix[r, c] > 0
    ]
    print(
        json.dumps(
            {
                "boundary": [float(b / e) if e > 0 else None for b, e in zip(both, either)],
                "boundaryMiou": float((both[found] / either[found]).mean()),
                "pairs": sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1])),
                "without": without,
                "areas": [[float(area) for area in each] for each in areas],
                "mious": mious,
            }
        )
    )


main(Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
