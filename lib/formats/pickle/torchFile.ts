import type { ZipArchive } from '../zip.js'
import { runPickle } from './operations.js'
import { type PickleBudget, pickleInvalid, pickleTooLarge } from './refusals.js'
import { storageOf } from './torch.js'
import { PickledGlobal, PickledTuple, type PickleValue, TorchStorage } from './values.js'

/** 0x1950a86a20f9469cfc6c as a pickle, behind its protocol: how `torch.save` began its files before version 1.6. */
const MAGIC = Buffer.from('8a0a6cfc9c46f9206aa850192e', 'hex')
/** Where it stands: behind the protocol (2 and 3), and behind the length of a frame too (4 and 5). */
const MAGIC_STARTS = [2, 11]
const PROTOCOL = 1001

/** Whether the bytes are a file of `torch.save` before torch 1.6, which is also how tensors lie within pickles. */
export function isTorchFile(bytes: Uint8Array): boolean {
  return magicEnd(bytes) !== undefined
}

function magicEnd(bytes: Uint8Array): number | undefined {
  if (bytes[0] !== 0x80) return undefined
  const start = MAGIC_STARTS.find((at) => Buffer.compare(bytes.subarray(at, at + MAGIC.length), MAGIC) === 0)
  return start === undefined ? undefined : start + MAGIC.length
}

/**
 * Reads what `torch.save` wrote before torch 1.6 (or writes with `_use_new_zipfile_serialization=False`): a magic
 * number, a version, facts of the machine, the object, the keys of its storages, then their numbers, little-endian.
 *
 * @param placeholders as for `readPickle`
 * @throws SemplesError as `readPickle`
 */
export function readTorchFile(bytes: Uint8Array, budget: PickleBudget, placeholders = false): PickleValue {
  const start = magicEnd(bytes)
  if (start === undefined) throw pickleInvalid(budget.name, 'the bytes of a torch storage do not start like one')
  const version = runPickle(bytes, { budget, start })
  if (version.value !== PROTOCOL) throw pickleInvalid(budget.name, 'it has another version of torch.save')
  const machine = runPickle(bytes, { budget, start: version.end })
  const storages = new Map<string, TorchStorage>()
  const persistent = storageIn(storages, budget.name)
  const root = runPickle(bytes, {
    budget,
    start: machine.end,
    persistent: (id) => (placeholders ? moduleClass(id) : undefined) ?? persistent(id),
    placeholders,
  })
  const keys = runPickle(bytes, { budget, start: root.end })
  if (!Array.isArray(keys.value)) throw pickleInvalid(budget.name, 'it has no list of storages')
  let position = keys.end
  for (const key of keys.value) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined
    if (storage === undefined) throw pickleInvalid(budget.name, 'it has numbers of a storage that is not used')
    position = readStorage(storage, bytes, position, budget.name)
  }
  if (position !== bytes.length) throw pickleInvalid(budget.name, `${bytes.length - position} bytes follow its end`)
  return root.value
}

/** The torch storage within bytes, as `torch.storage._load_from_bytes` would return it. */
export function readTorchStorage(bytes: Uint8Array, budget: PickleBudget, placeholders = false): TorchStorage {
  const value = readTorchFile(bytes, budget, placeholders)
  if (value instanceof TorchStorage) return value
  throw pickleInvalid(budget.name, 'the bytes of a torch storage hold something else')
}

/** What `torch.save` writes since torch 1.6, before the numbers of its tensors are read. */
export interface TorchArchive {
  value: PickleValue
  /** All storages that tensors in `value` use; they have no bytes yet. */
  storages: ReadonlyMap<string, TorchStorage>
  /** Reads the numbers of one of them. */
  load(key: string): Promise<void>
}

/** Path of the pickle in an archive of `torch.save`; undefined where the archive is something else. */
export function torchRoot(paths: readonly string[]): string | undefined {
  return paths.find((path) => /^([^/]+\/)?data\.pkl$/.test(path))
}

/** Whether an archive is one of TorchScript: a program with its weights. */
export function isTorchScript(paths: readonly string[]): boolean {
  return paths.some((path) => /(^|\/)constants\.pkl$/.test(path))
}

/** Tensors may share a storage (tied weights), and an archive may be packed; weights are hardly ever smaller than this. */
export const MAX_GROWTH = 4

/** @throws SemplesError `SEMPLES_FILE_TOO_LARGE` for an archive of weights that unpacks to far more than it is */
export function requireTorchSize({ bytes, unpackedBytes }: ZipArchive, path: string): void {
  if (unpackedBytes > MAX_GROWTH * bytes) throw pickleTooLarge(path, `${unpackedBytes} bytes in an archive of ${bytes}`)
}

/**
 * Opens what `torch.save` writes since torch 1.6: `data.pkl` in a zip archive, the numbers in `data/<key>` beside it.
 *
 * @param root path of `data.pkl` in it
 * @param placeholders as for `readPickle`
 * @throws SemplesError as `readPickle`, `SEMPLES_NPY_INVALID`
 */
export async function openTorchArchive(
  zip: ZipArchive,
  root: string,
  budget: PickleBudget,
  placeholders = false,
): Promise<TorchArchive> {
  const folder = root.slice(0, -'data.pkl'.length)
  const order = `${folder}byteorder`
  const littleEndian =
    zip.sizeOf(order) === undefined || Buffer.compare(await zip.read(order), Buffer.from('big')) !== 0
  const storages = new Map<string, TorchStorage>()
  const persistent = storageIn(storages, budget.name)
  const { value } = runPickle(await zip.read(root), { budget, persistent, placeholders })
  const load = async (key: string) => {
    const storage = storages.get(key)!
    const path = `${folder}data/${key}`
    if (zip.sizeOf(path) !== storage.count * storage.element.bytes) {
      throw pickleInvalid(budget.name, `storage ${key.slice(0, 40)} is missing or not of its size`)
    }
    storage.bytes = await zip.read(path)
    storage.littleEndian = littleEndian
  }
  return { value, storages, load }
}

/** Storages by key; a key that comes again is the same storage. */
function storageIn(storages: Map<string, TorchStorage>, name: string): (id: PickleValue) => TorchStorage {
  return (id) => {
    const { key, storage } = storageOf(id, name)
    const known = storages.get(key) ?? storage
    storages.set(key, known)
    if (known.element.name !== storage.element.name) throw pickleInvalid(name, 'a torch storage is used with two types')
    return known
  }
}

/** ("module", class, file, source): the class of a pickled network, with its program, which is passed over. */
function moduleClass(id: PickleValue): PickleValue | undefined {
  const [kind, type] = id instanceof PickledTuple ? id.items : []
  return kind === 'module' && type instanceof PickledGlobal ? type : undefined
}

/** Number of elements, int64, then their bytes; returns where they end. */
function readStorage(storage: TorchStorage, bytes: Uint8Array, position: number, name: string): number {
  const start = position + 8
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = start <= bytes.length ? Number(view.getBigUint64(position, true)) : Number.NaN
  const end = start + count * storage.element.bytes
  if (count !== storage.count || !(end <= bytes.length)) {
    throw pickleInvalid(name, `a torch storage of ${storage.count} numbers is announced, they are not all there`)
  }
  storage.bytes = bytes.subarray(start, end)
  return end
}
