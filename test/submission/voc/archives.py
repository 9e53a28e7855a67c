"""Writes archives for the evaluation server of VOC 2012 as programs of many kinds make them, right and wrong ones.

archives.py OUT: OUT/<case>.tgz, OUT/list/test.txt, OUT/images/<id>.jpg. Masks are drawn from a fixed seed.
"""

import io
import os
import struct
import sys
import tarfile
import zipfile
import zlib
import gzip

import numpy
from PIL import Image

OUT = sys.argv[1]
IDS = ['2007_000032', '2007_000039', '2008_000100', '2009_004001']
FOLDER = 'results/VOC2012/Segmentation/comp6_test_cls'
random = numpy.random.default_rng(5)
SIZES = {name: (int(random.integers(9, 40)), int(random.integers(9, 40))) for name in IDS}


def palette(count=256):
    table = []
    for index in range(count):
        color, rest = [0, 0, 0], index
        for bit in range(8):
            for channel in range(3):
                color[channel] |= ((rest >> channel) & 1) << (7 - bit)
            rest >>= 3
        table += color
    return table


def mask(name, values=21):
    width, height = SIZES[name]
    rough = random.integers(0, values, (height // 4 + 1, width // 4 + 1), dtype=numpy.uint8)
    return rough.repeat(4, 0).repeat(4, 1)[:height, :width]


def png(array, colors=None, mode='P', **options):
    image = Image.fromarray(array)
    if mode == 'P':
        image = Image.fromarray(array, 'L').convert('L')
        image = Image.frombytes('P', image.size, image.tobytes())
        image.putpalette(palette() if colors is None else colors)
    elif mode != image.mode:
        image = image.convert(mode)
    stream = io.BytesIO()
    image.save(stream, 'PNG', **options)
    return stream.getvalue()


def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def bomb(name):
    """A PNG whose pixels unpack to a hundred times what its header says."""
    width, height = SIZES[name]
    head = struct.pack('>IIBBBBB', width, height, 8, 3, 0, 0, 0)
    pixels = zlib.compress(bytes(100 * (width + 1) * height))
    parts = chunk(b'IHDR', head) + chunk(b'PLTE', bytes(palette())) + chunk(b'IDAT', pixels) + chunk(b'IEND', b'')
    return b'\x89PNG\r\n\x1a\n' + parts


def good():
    return {f'{FOLDER}/{name}.png': png(mask(name)) for name in IDS}


def write(case, files, mode='w:gz', form=tarfile.PAX_FORMAT, links=(), folders=()):
    with tarfile.open(os.path.join(OUT, f'{case}.tgz'), mode, format=form) as archive:
        for name in folders:
            entry = tarfile.TarInfo(name)
            entry.type = tarfile.DIRTYPE
            archive.addfile(entry)
        for name, data in files if isinstance(files, list) else files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        for name, kind, target in links:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, target
            archive.addfile(entry)


def changed(name, data):
    return {**good(), f'{FOLDER}/{name}.png': data}


def renamed(change):
    return {change(name): data for name, data in good().items()}


def main():
    for folder in ('list', 'images'):
        os.makedirs(os.path.join(OUT, folder))
    with open(os.path.join(OUT, 'list/test.txt'), 'w') as file:
        file.write('\n'.join(IDS) + '\n')
    for name, size in SIZES.items():
        Image.new('RGB', size, (90, 120, 30)).save(os.path.join(OUT, 'images', f'{name}.jpg'))
    first, second, third, last = IDS
    width, height = SIZES[second]

    write('good', good(), folders=['results', 'results/VOC2012', FOLDER])
    write('good-gnu', good(), form=tarfile.GNU_FORMAT)
    write('good-ustar', good(), form=tarfile.USTAR_FORMAT)
    write('good-dots', renamed(lambda name: f'./{name}'))
    write('good-comp5', renamed(lambda name: name.replace('comp6', 'comp5')))
    write('good-both', {**good(), **renamed(lambda name: name.replace('comp6', 'comp5'))})
    write('good-four-bits', changed(second, png(mask(second, 16), palette(16), bits=4)))
    write('good-one-value', changed(second, png(numpy.zeros((height, width), numpy.uint8), palette(21))))
    write('plain-tar', good(), mode='w')
    write('bzip2', good(), mode='w:bz2')
    write('xz', good(), mode='w:xz')
    write('nothing', {})
    write('grey', changed(second, png(mask(second), mode='L')))
    write('truecolour', changed(second, png(mask(second), mode='RGB')))
    write('sixteen-bits', changed(second, png(mask(second).astype(numpy.uint16), mode='I;16')))
    write('other-palette', {name: png(mask(name[-15:-4]), random.integers(0, 256, 768).tolist()) for name in good()})
    sorted_colors = palette()
    sorted_colors[0:3], sorted_colors[3:6] = sorted_colors[3:6], sorted_colors[0:3]
    write('sorted-palette', changed(third, png(mask(third), sorted_colors)))
    write('short-palette', changed(third, png(numpy.full(SIZES[third][::-1], 12, numpy.uint8), palette(5))))
    above = mask(first)
    above[2, 3] = 21
    write('above', changed(first, png(above)))
    void = mask(first)
    void[-1, -1] = 255
    write('void', changed(first, png(void)))
    void[0, 0] = 254
    write('void-and-above', changed(first, png(void)))
    write('size', changed(second, png(mask(second).T if width != height else mask(second)[1:])))
    write('empty-png', changed(second, b''))
    write('cut-png', changed(second, png(mask(second))[:-30]))
    write('damaged-png', changed(second, png(mask(second)).replace(b'IDAT', b'IDAT' + b'\0', 1)))
    write('jpeg-inside', changed(second, b'\xff\xd8\xff\xe0' + bytes(200)))
    write('bomb', changed(second, bomb(second)))
    write('missing', {name: data for name, data in good().items() if last not in name})
    write('additional', {**good(), f'{FOLDER}/2010_000001.png': png(mask(first))})
    write('no-results', renamed(lambda name: name.removeprefix('results/')))
    write('flat', renamed(lambda name: name.split('/')[-1]))
    write('nested', renamed(lambda name: f'mine/{name}'))
    write('deeper', renamed(lambda name: name.replace('_cls/', '_cls/masks/')))
    write('capital', renamed(lambda name: name.replace('results', 'Results')))
    write('val-folder', renamed(lambda name: name.replace('_test_', '_val_')))
    write('one-elsewhere', {**good(), f'{FOLDER}/old/{first}.png': png(mask(first))})
    write('jpg', renamed(lambda name: name.replace('.png', '.jpg') if second in name else name))
    write('capital-png', renamed(lambda name: name.replace('.png', '.PNG') if second in name else name))
    write('readme', {**good(), 'results/README.txt': b'hello', 'results/.DS_Store': b'x'})
    mac = {}
    for name, data in good().items():
        mac[name.replace('cls/', 'cls/._')] = b'\0\5\x16\7' + bytes(60)
        mac[name] = data
    write('mac', mac)
    write('twice', list(good().items()) + [(f'{FOLDER}/{first}.png', png(mask(first)))])
    write('traversal', {**good(), '../../escaped.png': png(mask(first)), f'{FOLDER}/../{first}.png': b'x'})
    write('escapes', {**good(), 'results/\x1b[2J\n.txt': b'x'})
    write('absolute', {**good(), '/semples-escaped.png': png(mask(first))})
    rest = {name: data for name, data in good().items() if first not in name}
    write('symlink', rest, links=[(f'{FOLDER}/{first}.png', tarfile.SYMTYPE, '/etc/passwd')])
    write('hardlink', rest, links=[(f'{FOLDER}/{first}.png', tarfile.LNKTYPE, f'{FOLDER}/{second}.png')])
    write('fifo', good(), links=[('results/pipe', tarfile.FIFOTYPE, '')])

    with zipfile.ZipFile(os.path.join(OUT, 'zip.tgz'), 'w') as archive:
        for name, data in good().items():
            archive.writestr(name, data)
    with open(os.path.join(OUT, 'good.tgz'), 'rb') as file:
        whole = file.read()
    wrong_sum = bytearray(whole)
    wrong_sum[-6] ^= 1
    tar = bytearray(gzip.decompress(whole))
    cut_tar = bytes(tar[: len(tar) // 2 // 512 * 512 - 512 * 3 + 100])
    tar[3 * 512 * 2 + 4] ^= 0x55
    others = {
        'cut': whole[: len(whole) // 2],
        'cut-at-end': whole[:-4],
        'wrong-checksum': bytes(wrong_sum),
        'not-a-tar': gzip.compress(b'just a text\n' * 90),
        'cut-inside': gzip.compress(cut_tar),
        'empty-file': b'',
        'random': random.bytes(3000),
        'page': b'<!DOCTYPE html><html>404</html>',
        'gzip-of-nothing': gzip.compress(b''),
        'compressed-twice': gzip.compress(whole),
    }
    for case, data in others.items():
        with open(os.path.join(OUT, f'{case}.tgz'), 'wb') as file:
            file.write(data)


main()
