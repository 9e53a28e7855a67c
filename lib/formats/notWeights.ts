import { basename } from 'node:path'
import { count, listed } from '../base/count.js'

/** What a file is that is read as weights, and what to do about it. */
export interface Recognised {
  /** Goes on from "holds no weights that can be read: ". */
  why: string
  hint?: string
}

/** How many first bytes `recogniseFile` looks at: the magic word of a tar archive ends at byte 262. */
export const START_BYTES = 1024

/** Where nothing is recognised. */
export const NOTHING = 'it does not start like a file of weights'

const CONVERT = 'Open it with the program that wrote it, and save the weights in Python:'
const TO_TORCH = `${CONVERT} torch.save(model.state_dict(), "weights.pth").`
const TO_SAFETENSORS = `${CONVERT} safetensors.numpy.save_file({name: array, ...}, "weights.safetensors").`
const AGAIN = 'Download the file itself again.'

/** Files that begin with bytes of their own. */
const MAGIC: readonly [start: string, at: number, recognised: Recognised][] = [
  ['\x93NUMPY', 0, { why: 'it is an array of NumPy (.npy), without names', hint: TO_SAFETENSORS }],
  ['\x89HDF\r\n\x1a\n', 0, { why: 'it is an HDF5 file, as Keras writes them (.h5)', hint: TO_SAFETENSORS }],
  ['\x1f\x8b', 0, { why: 'it is packed by gzip', hint: 'Unpack it first: gunzip, or tar -xzf for a .tar.gz.' }],
  ['BZh', 0, { why: 'it is packed by bzip2', hint: 'Unpack it first: bunzip2, or tar -xjf for a .tar.bz2.' }],
  ['\xfd7zXZ\0', 0, { why: 'it is packed by xz', hint: 'Unpack it first: unxz, or tar -xJf for a .tar.xz.' }],
  ['\x28\xb5\x2f\xfd', 0, { why: 'it is packed by Zstandard', hint: 'Unpack it first: unzstd.' }],
  ['7z\xbc\xaf\x27\x1c', 0, { why: 'it is a 7z archive', hint: 'Unpack it first, and give the file within.' }],
  ['Rar!', 0, { why: 'it is a RAR archive', hint: 'Unpack it first, and give the file within.' }],
  ['ustar', 257, { why: 'it is a tar archive', hint: 'Unpack it first (tar -xf), and give the file within.' }],
  ['GGUF', 0, { why: 'it is a GGUF file of llama.cpp' }],
  ['TFL3', 4, { why: 'it is a model of TensorFlow Lite', hint: TO_SAFETENSORS }],
  ['\x89PNG', 0, { why: 'it is a picture (PNG)' }],
  ['\xff\xd8\xff', 0, { why: 'it is a picture (JPEG)' }],
  ['%PDF', 0, { why: 'it is a PDF document' }],
  ['model_checkpoint_path:', 0, { why: 'it is the list of checkpoints of TensorFlow', hint: TO_SAFETENSORS }],
]

/** Files that have no first bytes of their own, by name. */
const NAMES: readonly [name: RegExp, recognised: Recognised][] = [
  [/\.onnx$/i, { why: 'it is an ONNX model, which is a program with its weights', hint: TO_TORCH }],
  [
    /\.ckpt\.meta$|\.index$|\.data-\d{5}-of-\d{5}$|saved_model\.pb$/i,
    { why: 'it is a part of a TensorFlow checkpoint', hint: TO_SAFETENSORS },
  ],
  [/\.msgpack$/i, { why: 'it is a checkpoint of Flax', hint: TO_SAFETENSORS }],
]

/** What a file is by its first bytes (up to `START_BYTES`) and its name, where that is no file of weights. */
export function recogniseFile(start: Buffer, size: number, path: string): Recognised {
  if (size === 0) return { why: 'it is empty', hint: AGAIN }
  const text = start.toString('latin1')
  const magic = MAGIC.find(([word, at]) => text.startsWith(word, at))
  if (magic !== undefined) return magic[2]
  const named = NAMES.find(([name]) => name.test(basename(path)))
  if (named !== undefined) return named[1]
  if (isOnnx(start)) return NAMES[0]![1]
  if (start.every((byte) => byte === 0)) {
    return {
      why: `it begins with ${count(start.length, 'byte')} that are all zero: a download that was not finished`,
      hint: AGAIN,
    }
  }
  return (
    recogniseText(
      start
        .toString('utf8')
        .replace(/^\ufeff/, '')
        .trimStart(),
    ) ?? {
      why: NOTHING,
    }
  )
}

/** What came instead of a file: a pointer to it, or what a server said. */
function recogniseText(text: string): Recognised | undefined {
  if (text.startsWith('version https://git-lfs')) {
    const [, bytes] = /^size (\d+)$/m.exec(text) ?? []
    const size = bytes === undefined ? '' : ` of ${count(Number(bytes), 'byte')}`
    return {
      why: `it is a Git LFS pointer, and the file${size} that it stands for is not here`,
      hint: 'Fetch it in that repository: git lfs install && git lfs pull.',
    }
  }
  if (/^<(!doctype html|html|head|body|!--)/i.test(text)) {
    const [, title] = /<title[^>]*>\s*([^<]{1,120})/i.exec(text) ?? []
    const named = title === undefined ? '' : ` (${JSON.stringify(title.trim())})`
    return {
      why: `it is a page of a web site${named} that was saved in its place`,
      hint: 'Download the file itself: on the page, copy the address of its download link.',
    }
  }
  if (/^<(\?xml|[a-z])/i.test(text)) {
    const [, said] = /<message>\s*([^<]{1,200})/i.exec(text) ?? []
    return {
      why: `it is an XML text${said === undefined ? '' : `, which says ${JSON.stringify(said.trim())}`}`,
      hint: AGAIN,
    }
  }
  return undefined
}

/** What a JSON text is that is no index of weights. */
export function recogniseJson(value: unknown): Recognised {
  const object = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  const said = ['error', 'message', 'detail'].map((key) => object[key]).find((text) => typeof text === 'string')
  if (said !== undefined)
    return { why: `it is a JSON text, which says ${JSON.stringify(said.slice(0, 200))}`, hint: AGAIN }
  return {
    why: 'it is a JSON text, and no index of weights (it has no weight_map)',
    hint: 'Give the weights that lie beside it: model.safetensors, or model.safetensors.index.json.',
  }
}

/** What a zip archive is that has no `data.pkl`, by the paths in it. */
export function recogniseArchive(paths: readonly string[]): Recognised {
  if (paths.length > 0 && paths.every((path) => path.endsWith('.npy'))) {
    return { why: 'it is an archive of NumPy (.npz), which torch.save did not write', hint: TO_SAFETENSORS }
  }
  if (paths.includes('model.weights.h5')) return { why: 'it is a model of Keras (.keras)', hint: TO_SAFETENSORS }
  const within = paths.filter((path) => /\.(pth|pt|bin|safetensors|ckpt|tar)$/i.test(path))
  const listing = `it is a zip archive that torch.save did not write, with ${paths.length === 0 ? 'nothing in it' : listed(paths, 3)}`
  if (paths.some((path) => /\.(jpe?g|png|webp)$/i.test(path)))
    return { why: listing, hint: 'Unpack it first. What the folder is taken for says: npx semples data check FOLDER' }
  return within.length === 0 ? { why: listing } : { why: listing, hint: `Unpack it first, and give ${within[0]}.` }
}

/** Protobuf, whose first fields are the version of the format and the name of what wrote it. */
function isOnnx(start: Buffer): boolean {
  const [field, version = 0, next, length = 0] = start
  const producer = start.toString('latin1', 4, 4 + length)
  return field === 0x08 && version < 32 && next === 0x12 && length > 0 && /^[\w. -]+$/.test(producer)
}
