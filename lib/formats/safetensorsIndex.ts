import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { count, listed } from '../base/count.js'
import { SemplesError } from '../base/error.js'
import { repeatedKey } from './jsonKeys.js'
import { readSafetensors, type SafetensorsFile } from './safetensors.js'

const INDEX = z.object({ metadata: z.unknown().optional(), weight_map: z.record(z.string(), z.string()) })

/** Weights cut into several files: `model.safetensors.index.json`, which says in which of them each tensor lies. */
export type SafetensorsIndex = ReadonlyMap<string, string>

/**
 * The files by tensor that an index names; undefined where the JSON is no index.
 *
 * @throws SemplesError `SEMPLES_CHECKPOINT_INVALID` naming a file that is not in the folder of the index, or is no
 *   safetensors
 */
export function parseSafetensorsIndex(text: string, value: unknown, path: string): SafetensorsIndex | undefined {
  if (typeof value !== 'object' || value === null || !('weight_map' in value)) return undefined
  const parsed = INDEX.safeParse(value)
  if (!parsed.success) {
    throw invalid(path, `The weight_map of ${path} does not say for each tensor in which file it lies.`, 'weight_map')
  }
  const repeated = repeatedKey(text)
  if (repeated !== undefined) throw invalid(path, `The index ${path} names ${repeated} twice.`, repeated)
  // Not of the parsed value: zod leaves out a tensor that is called __proto__.
  const map = new Map(Object.entries(value.weight_map as Record<string, string>))
  if (map.size === 0) throw invalid(path, `The weight_map of ${path} is empty.`, 'weight_map')
  for (const [name, file] of map) checkFile(file, name, path)
  return map
}

/** Files beside the index alone: what comes from elsewhere must not say what else is read. */
function checkFile(file: string, name: string, path: string): void {
  const inFolder = file !== '' && !/[/\\:\0]/.test(file) && file !== '.' && file !== '..'
  if (!inFolder) {
    throw new SemplesError('SEMPLES_CHECKPOINT_INVALID', {
      message: `The index ${path} says that tensor ${name} lies in ${JSON.stringify(file)}, which is not in its folder.`,
      file: path,
      field: `weight_map.${name}`,
      value: file,
      expected: 'the name of a file beside the index',
    })
  }
  if (file.endsWith('.safetensors')) return
  throw new SemplesError('SEMPLES_CHECKPOINT_INVALID', {
    message: `The index ${path} says that tensor ${name} lies in ${file}, and only parts in safetensors are read.`,
    file: path,
    field: `weight_map.${name}`,
    value: file,
    expected: 'a file that ends in .safetensors',
    hint: 'Save them anew: model.save_pretrained("folder", safe_serialization=True).',
  })
}

/**
 * Reads all parts of weights that an index names, each tensor from where it says.
 *
 * @throws SemplesError as `eachPart`, and what `readSafetensors` throws
 */
export async function readShards(index: SafetensorsIndex, path: string): Promise<SafetensorsFile> {
  const parts = await eachPart(index, path, {
    read: readSafetensors,
    namesOf: ({ tensors, unread }) => [...Object.keys(tensors), ...unread.keys()],
  })
  return {
    tensors: Object.fromEntries(parts.flatMap(({ tensors }) => Object.entries(tensors))),
    metadata: {},
    unread: new Map(parts.flatMap(({ unread }) => [...unread])),
  }
}

/**
 * Opens the parts that an index names one after the other, and checks that each holds what the index says.
 *
 * @param part.read gives what is wanted of a part
 * @param part.namesOf all names of tensors in it
 * @throws SemplesError `SEMPLES_CHECKPOINT_INVALID` naming the part that is missing, the tensor that it lacks, or that
 *   the index does not put there
 */
export async function eachPart<T>(
  index: SafetensorsIndex,
  path: string,
  { read, namesOf }: { read: (part: string) => Promise<T>; namesOf: (part: T) => Iterable<string> },
): Promise<T[]> {
  const files = [...new Set(index.values())]
  const missing = files.filter((file) => !existsSync(join(dirname(path), file)))
  if (missing.length > 0) {
    throw invalid(
      path,
      `Of the ${count(files.length, 'part')} that ${path} names, ${listed(missing)} ${missing.length === 1 ? 'is' : 'are'} not beside it.`,
      undefined,
      `Download ${missing.length === 1 ? 'it' : 'them'} into ${dirname(path)} too.`,
    )
  }
  const parts: T[] = []
  for (const file of files) {
    const part = await read(join(dirname(path), file))
    checkNames(new Set(namesOf(part)), file, index, path)
    parts.push(part)
  }
  return parts
}

function checkNames(held: ReadonlySet<string>, file: string, index: SafetensorsIndex, path: string): void {
  const part = join(dirname(path), file)
  const other = 'It may be of another download than the index: fetch all files again, of the same revision.'
  for (const name of held) {
    if (index.get(name) === file) continue
    const said = index.has(name) ? `says lies in ${index.get(name)}` : 'does not name'
    throw invalid(part, `${part} holds tensor ${name}, which the index ${path} ${said}.`, name, other)
  }
  for (const [name, where] of index) {
    if (where === file && !held.has(name)) {
      throw invalid(part, `${part} lacks tensor ${name}, which the index ${path} says lies there.`, name, other)
    }
  }
}

/**
 * Refuses one part of several given alone, by the name that Hugging Face gives it: most of the weights would be missing.
 *
 * @throws SemplesError `SEMPLES_CHECKPOINT_INVALID` naming the index
 */
export function refusePart(path: string): void {
  const [, stem, part, parts] = /^(.+)-(\d{5})-of-(\d{5})\.safetensors$/.exec(basename(path)) ?? []
  if (stem === undefined || Number(parts) < 2) return
  const index = join(dirname(path), `${stem}.safetensors.index.json`)
  throw invalid(
    path,
    `${path} is part ${Number(part)} of ${Number(parts)} of weights that were cut into several files.`,
    undefined,
    existsSync(index)
      ? `Give their index instead: ${index}.`
      : `Download the other parts and ${basename(index)} into the same folder, and give that.`,
  )
}

function invalid(file: string, message: string, field?: string, hint?: string): SemplesError {
  return new SemplesError('SEMPLES_CHECKPOINT_INVALID', { message, file, field, hint })
}
