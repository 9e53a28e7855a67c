"""A second judge of archives for VOC 2012, written from the documentation of the development kit alone (section 5, and what
VOCevalseg.m refuses), with tarfile and Pillow: validator.py LIST IMAGES ARCHIVE... prints JSON, by archive the problems with
the files that they are about, and the values of the masks by id.
"""

import gzip
import io
import json
import os
import re
import sys
import tarfile
import zlib

import numpy
from PIL import Image

RIGHT = re.compile(r'results/VOC2012/Segmentation/comp[56]_test_cls')


def colors():
    """The kit's VOClabelcolormap, bit by bit."""
    table = numpy.zeros((256, 3), int)
    for index in range(256):
        rest = index
        for bit in range(7, -1, -1):
            table[index] |= numpy.array([rest & 1, rest >> 1 & 1, rest >> 2 & 1]) << bit
            rest >>= 3
    return table


COLORS = colors()


def judge_png(data, size):
    """The problems of one PNG, and its values."""
    try:
        image = Image.open(io.BytesIO(data))
        assert image.format == 'PNG'
        indexed = image.mode == 'P'
        problems = [] if image.size == size else ['size']
        if not indexed:
            return problems + ['not-indexed'], None
        image.load()
        table = numpy.array(image.getpalette(), int).reshape(-1, 3)
        values = numpy.array(image)
    except Exception:
        return ['not-png'], None
    # Pillow does not say how long the palette in the file was: the chunk does.
    at = data.index(b'PLTE')
    length = int.from_bytes(data[at - 4 : at], 'big') // 3
    if (table[:length] != COLORS[:length]).any() or values.max() >= length:
        problems.append('palette')
    if ((values > 20) & (values < 255)).any():
        problems.append('value')
    if (values == 255).any():
        problems.append('void')
    return problems, values


def entries_of(path):
    """Entries until the archive ends or breaks; the problem of the whole."""
    with open(path, 'rb') as file:
        whole = file.read()
    if whole[:2] == b'\x1f\x8b':
        problem = []
        try:
            whole = gzip.decompress(whole)
        except (EOFError, OSError, zlib.error):
            return [], ['damaged']
    elif whole[257:262] == b'ustar':
        problem = ['not-compressed']
    else:
        return None, ['not-gzip']
    try:
        with tarfile.open(fileobj=io.BytesIO(whole), mode='r:') as archive:
            found = []
            for entry in archive:
                file = archive.extractfile(entry) if entry.isreg() else None
                data = file.read() if file else None
                if data is not None and len(data) != entry.size:
                    return found, ['damaged']
                found.append((entry, data))
            return found, problem
    except tarfile.TarError:
        return [], ['damaged']


def judge(path, ids, sizes):
    problems, values = {}, {}

    def add(problem, name):
        problems.setdefault(problem, []).append(name)

    entries, whole = entries_of(path)
    for problem in whole:
        problems[problem] = []
    folders = {}
    for entry, data in entries or []:
        # Control characters are not to be printed.
        name = ''.join(c if c.isprintable() else '?' for c in entry.name)
        parts = name.split('/')
        base = parts[-1]
        if name.startswith('/') or '..' in parts:
            add('unsafe-path', name)
        elif entry.isdir():
            pass
        elif base.startswith('._') or base == '.DS_Store':
            add('mac-file', name)
        elif not entry.isreg():
            add('not-a-file', name)
        elif not base.endswith('.png'):
            add('other-file', name)
        else:
            name = os.path.normpath(name)
            folder, identity = os.path.dirname(name) or '.', base[:-4]
            seen = folders.setdefault(folder, set())
            if identity in seen:
                add('twice', name)
            seen.add(identity)
            if not RIGHT.fullmatch(folder):
                add('folder', name)
            found, pixels = judge_png(data, sizes.get(identity))
            # The size of a picture that the list does not name is not known.
            for problem in found:
                if problem != 'size' or identity in sizes:
                    add(problem, name)
            if pixels is not None:
                values[identity] = pixels.flatten().tolist()
    if entries is not None:
        judged = {folder: seen for folder, seen in folders.items() if RIGHT.fullmatch(folder)}
        if not judged:
            largest = max(folders.items(), key=lambda item: len(item[1]), default=('', set()))
            judged = dict([largest])
        for folder, seen in judged.items():
            for identity in [] if 'damaged' in whole else ids:
                if identity not in seen:
                    add('missing', identity)
            for identity in seen:
                if identity not in ids:
                    add('additional', f'{folder}/{identity}.png')
    return {'problems': {key: sorted(names) for key, names in problems.items()}, 'values': values}


def main():
    list_file, images, *archives = sys.argv[1:]
    with open(list_file) as file:
        ids = file.read().split()
    sizes = {name: Image.open(os.path.join(images, f'{name}.jpg')).size for name in ids}
    print(json.dumps({os.path.basename(path)[:-4]: judge(path, ids, sizes) for path in archives}))


main()
