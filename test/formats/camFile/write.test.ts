import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { writePicture } from '../../../lib/cam/writePicture.js'
import { readCams } from '../../../lib/datasets/predictions/camFiles.js'
import { evaluatePictures } from '../../../lib/evaluate/evaluate.js'
import { writeCamFile } from '../../../lib/formats/camFile/write.js'
import { readNpy } from '../../../lib/formats/npy.js'
import { readCamFile, refineMasks, voc2012Classes } from '../../../lib/index.js'
import { maskPalette } from '../../../lib/masks/palette.js'
import { writeMask } from '../../../lib/masks/png.js'
import { maskFromCams } from '../../../lib/masks/threshold.js'
import { resolveRefineOptions } from '../../../lib/refine/options.js'
import { OutputFolder } from '../../../lib/refine/output.js'
import { scoresOf } from '../../../lib/refine/scoreMaps.js'
import { temporaryFiles } from '../../datasets/temporaryFiles.js'
import { halves, writeHalves } from '../../refine/halves.js'
import { needs } from '../../support/needs.js'
import { python } from '../../support/python.js'
import { type Call, pickled, tuple } from '../pickle/pickleWriter.js'
import { archivedFiles, expectedMaps } from './archives.js'

const [height, width] = [2, 3]
/** Not in ascending order, as the labels of a class table of one's own may be. */
const CLASS_IDS = [16, 4, 9]
const maps = (first: number) => Float32Array.from({ length: 18 }, (_, i) => (i + first) / 32)

interface Written {
  file: string
  classIds: readonly number[]
  data: ArrayLike<number>
}

type Writer = (folder: string) => Promise<Written>

/** The files of test/fixtures/camFiles: classes 0, 3, 6 counted from 0 without the background, or as names. */
function foreign(name: string, classIds: readonly number[] = [1, 4, 7]): Writer {
  return async (folder) => {
    const file = join(folder, `a${name.slice(name.lastIndexOf('.'))}`)
    await writeFile(file, (await archivedFiles('numpy2-torch2.13')).get(name)!)
    return { file, classIds, data: expectedMaps(false) }
  }
}

function masks(keepCams: 'npy' | 'npz'): Writer {
  return async (folder) => {
    const cams = { cams: maps(1), classes: [0, 1, 2], height, width }
    const size = { height, width }
    await writePicture({
      mask: { ...size, data: new Uint8Array(height * width) },
      image: { ...size, data: new Uint8Array(3 * height * width) },
      files: { mask: join(folder, 'a.png'), [keepCams]: join(folder, `a.${keepCams}`) },
      cams,
      classIds: CLASS_IDS,
      palette: maskPalette(),
      orientation: 'stored',
    })
    return { file: join(folder, `a.${keepCams}`), classIds: CLASS_IDS, data: maps(1) }
  }
}

function refine(scores: 'npy' | 'npz'): Writer {
  return async (folder) => {
    const output = await OutputFolder.open({ out: folder, scores, overwrite: false }, resolveRefineOptions(), [])
    const classes = [0, 16, 4]
    const mask = { width, height, data: new Uint8Array(6) }
    const tensor = { dtype: 'float32' as const, shape: [3, height, width], data: maps(5) }
    await output.write('a', { mask, classes, scores: tensor, ms: 1 })
    return { file: join(folder, `a.${scores}`), classIds: classes, data: maps(5) }
  }
}

/** WeakTr's dictionary, made here: {class: [H, W]}. */
const weakTr: Writer = async (folder) => {
  const file = join(folder, 'a.pkl')
  const array = (index: number): Call => ({
    global: 'numpy.core.numeric._frombuffer',
    args: [
      Buffer.from(maps(2).buffer, 24 * index, 24),
      { global: 'numpy.dtype', args: ['f4', false, true] },
      tuple(height, width),
      'C',
    ],
  })
  await writeFile(
    file,
    pickled(
      new Map([
        [14, array(0)],
        [2, array(1)],
        [19, array(2)],
      ]),
    ),
  )
  return { file, classIds: [15, 3, 20], data: maps(2) }
}

const WRITERS: Record<string, Writer> = {
  'masks --npy': masks('npy'),
  'masks --npz': masks('npz'),
  'refine --npy': refine('npy'),
  'refine --npz': refine('npz'),
  'a pickled dictionary': weakTr,
  'WeakTr: numpy.save(dictionary)': foreign('classes-saved.npy'),
  'numpy.savez(dictionary)': foreign('dictionary.npz'),
  'numpy.savez by class id': foreign('classes.npz', [0, 3, 6]),
  'numpy.savez of keys': foreign('keys.npz'),
  'IRN, arrays': foreign('irn-3.npy'),
  'IRN, tensors': foreign('irn-torch-2.npy'),
  'IRN with a background': foreign('padded.npy', [0, 4, 7]),
  'CLIP-ES': foreign('clip-es.npy'),
  'pickle.dump': foreign('classes-4.pkl'),
  'torch.save': foreign('torch.pt'),
  'torch.save before 1.6': foreign('torch-old.pt'),
}

type Reader = (folder: string, file: string) => Promise<Omit<Written, 'file'>>

const READERS: Record<string, Reader> = {
  readCamFile: async (_, file) => {
    const { classIds, maps } = await readCamFile(file)
    expect(maps.shape).toEqual([3, height, width])
    return { classIds: classIds!, data: maps.data }
  },
  refine: async (_, file) => {
    // Energies are taken as they are: those of the fixtures are from -1 to 1.125.
    const options = resolveRefineOptions({ values: 'energies', unary: 'soft' })
    const { maps } = await scoresOf({ image: '', scores: file }, { width, height }, options)
    return { classIds: maps!.classes, data: maps!.values }
  },
  'eval --cams': async (folder) => {
    const { classIds, cams } = await readCams(folder, 'a')
    return { classIds, data: cams }
  },
}

const pairs = Object.keys(WRITERS).flatMap((writer) => Object.keys(READERS).map((reader) => [writer, reader] as const))

test.each(pairs)('what %s writes, %s reads with the same classes and numbers', async (writer, reader) => {
  const folder = await temporaryFiles({})
  const { file, classIds, data } = await WRITERS[writer]!(folder)
  const read = await READERS[reader]!(folder, file)
  expect({ ...read, data: [...Array.from(read.data)] }).toEqual({ classIds: [...classIds], data: Array.from(data) })
})

test.each(['npy', 'npz'] as const)('a picture without classes, as %s', async (format) => {
  const folder = await temporaryFiles({})
  const file = join(folder, `a.${format}`)
  await writeCamFile(file, { data: new Float32Array(0), classIds: [], height, width }, format)
  expect(await readCamFile(file)).toMatchObject({ classIds: [], background: false })
  expect(await readCams(folder, 'a')).toMatchObject({ classIds: [], file })
})

needs('python').test('NumPy reads the maps and the class ids', async () => {
  const folder = await temporaryFiles({})
  const file = join(folder, 'a.npy')
  await writeCamFile(file, { data: maps(1), classIds: CLASS_IDS, height, width }, 'npy')
  const script = `
import json, sys, numpy
path = sys.argv[1]
with open(path, 'rb') as file:
    stack, ids = numpy.load(file), numpy.load(file)
    assert file.read() == b''
for maps in [numpy.load(path), numpy.load(path, mmap_mode='r'), stack]:
    assert maps.shape == (3, 2, 3) and maps.dtype == numpy.float32
    assert maps.tolist() == stack.tolist()
with open(sys.argv[2], 'wb') as file:
    numpy.save(file, stack.astype('>f8'))
    numpy.save(file, ids.astype('u1'))
print(json.dumps([stack.ravel().tolist(), ids.tolist()]))
`
  const theirs = join(folder, 'theirs.npy')
  const { stdout } = await promisify(execFile)(python, ['-c', script, file, theirs])
  expect(JSON.parse(stdout)).toEqual([[...maps(1)], CLASS_IDS])
  const again = await readCamFile(theirs)
  expect(again).toMatchObject({ classIds: CLASS_IDS, classes: CLASS_IDS, named: true })
  expect(again.maps.data).toEqual(maps(1))
  // One that was written before, or by hand, is an array all the same.
  expect((await readNpy(file)).shape).toEqual([3, height, width])
})

test.each<[string, (bytes: Buffer) => Uint8Array, string, RegExp]>([
  [
    'fewer ids than maps',
    (bytes) => Buffer.from(bytes.toString('latin1').replace('(3,)', '(2,)'), 'latin1').subarray(0, -8),
    'SEMPLES_CAM_INVALID',
    /behind its 3 maps/,
  ],
  [
    'ids that are no numbers of classes',
    (bytes) => {
      bytes.writeDoubleLE(0.5, bytes.length - 8)
      return Buffer.from(bytes.toString('latin1').replace('<i8', '<f8'), 'latin1')
    },
    'SEMPLES_CAM_INVALID',
    /behind its 3 maps/,
  ],
  ['a third array', (bytes) => Buffer.concat([bytes, bytes]), 'SEMPLES_CAM_INVALID', /4 arrays/],
  ['half of the ids', (bytes) => bytes.subarray(0, -3), 'SEMPLES_NPY_INVALID', /announces 24 bytes/],
])('refuses %s', async (_, damage, code, message) => {
  const file = join(await temporaryFiles({}), 'a.npy')
  await writeCamFile(file, { data: maps(1), classIds: CLASS_IDS, height, width }, 'npy')
  await writeFile(file, damage(await readFile(file)))
  await expect(readCamFile(file)).rejects.toMatchObject({ code, file, message: expect.stringMatching(message) })
})

test('whole commands: CAMs into refine, refined scores into refine and eval, a WeakTr dictionary into eval', async () => {
  const [images, cams, first, second] = await Promise.all([1, 2, 3, 4].map(() => temporaryFiles({})))
  await writeHalves(images!, cams!, [])
  const { truth, cams: scores, image } = halves()
  await writeHalves(images!, await temporaryFiles({}), ['a'])
  const size = { height: image.height, width: image.width }
  const file = join(cams!, 'a')
  const maps = { cams: scores, ...size }
  await writePicture({
    mask: maskFromCams({ ...maps, classIds: [7], threshold: 0.45 }),
    image,
    files: { mask: `${file}.png`, npy: `${file}.npy` },
    cams: { ...maps, classes: [6] },
    classIds: [7],
    palette: maskPalette(),
    orientation: 'stored',
  })
  const options = { bilateral: { sxy: 40, srgb: 10, compat: 10 }, withScores: 'npy' as const }
  for (const [from, out] of [
    [cams!, first!],
    [first!, second!],
  ] as const) {
    const classes: number[][] = []
    for await (const done of refineMasks({ images: images!, cams: from, out, ...options })) classes.push(done.classes!)
    expect(classes).toEqual([[0, 7]])
    expect((await readCamFile(join(out, 'a.npy'))).classIds).toEqual([0, 7])
  }
  const groundTruth = await temporaryFiles({})
  await writeMask(join(groundTruth, 'a.png'), { ...size, data: truth })
  const judged = { groundTruth, classes: voc2012Classes, thresholds: [0] }
  expect((await evaluatePictures({ ...judged, cams: second! })).miou).toBe(1)
  const dictionary = join(groundTruth, 'cams')
  await mkdir(dictionary)
  const right = Float32Array.from(truth, (id) => (id === 7 ? 1 : 0))
  // Class 6 counted from 0 is class id 7.
  const map: Call = {
    global: 'numpy.core.numeric._frombuffer',
    args: [
      { global: '_codecs.encode', args: [Buffer.from(right.buffer).toString('latin1'), 'latin1'] },
      { global: 'numpy.dtype', args: ['f4', false, true] },
      tuple(size.height, size.width),
      'C',
    ],
  }
  await writeFile(join(dictionary, 'a.npy'), pickled(new Map([[6, map]])))
  expect((await evaluatePictures({ ...judged, cams: dictionary })).miou).toBe(1)
})
