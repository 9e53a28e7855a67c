import { dirname } from 'node:path'
import { count, listed } from '../../base/count.js'
import { shellWord } from '../../base/shell.js'
import { readClassTable } from '../../datasets/classes/classTableFile.js'
import { parseSafetensorsIndex } from '../../formats/safetensorsIndex.js'
import { shardedShapes } from '../../formats/weightShapes.js'
import type { FileAtHand } from './fileAtHand.js'
import { labelsOrError } from './labels.js'
import type { Found } from './types.js'
import { weightsFound } from './weights.js'

type JsonObject = Readonly<Record<string, unknown>>

/** One kind of JSON file: what it is told by, and what is said of it. */
interface JsonKind {
  is(json: JsonObject, keys: ReadonlySet<string>): boolean
  found(json: JsonObject, file: FileAtHand): Found | Promise<Found>
}

const BESIDE = 'The weights beside it say by themselves what they are: inspect those.'

const setting = (what: string, note: string): Found => ({ kind: 'settings', what, notes: [note] })

const KINDS: readonly JsonKind[] = [
  {
    is: (_, keys) => keys.has('weight_map'),
    found: async (json, file) => {
      const index = parseSafetensorsIndex(new TextDecoder().decode(await file.read()), json, file.path)!
      return weightsFound(file.path, await shardedShapes(file.path, index))
    },
  },
  {
    is: (_, keys) => ['format', 'versions', 'stages', 'seed'].every((key) => keys.has(key)),
    found: (_, { path }) => ({
      ...setting('the manifest of a run (run.json)', 'It belongs to the folder around it.'),
      next: { text: 'To see the run, type:', commands: [`npx semples inspect ${shellWord(dirname(path))}`] },
    }),
  },
  {
    is: (_, keys) => ['generator', 'stages', 'loader'].every((key) => keys.has(key)),
    found: ({ stages, generator }, { path }) => ({
      kind: 'settings',
      what: 'the whole config of a run (config.json)',
      facts: [
        ['stages', Array.isArray(stages) ? stages.join(', ') : '?'],
        ['generator', String((generator as JsonObject | null)?.kind ?? '?')],
      ],
      next: {
        text: 'To train with the same settings:',
        commands: [`npx semples train --config ${shellWord(path)} --out runs/again`],
      },
    }),
  },
  {
    is: (_, keys) => keys.has('threshold') && keys.has('run'),
    found: (json) => ({
      kind: 'settings',
      what: 'the settings of the masks in its folder (masks.json of semples masks)',
      facts: scalars(json),
    }),
  },
  {
    is: (_, keys) => ['method', 'iterations', 'unary'].every((key) => keys.has(key)),
    found: (json) => ({
      kind: 'settings',
      what: 'the settings of the refined masks in its folder (refine.json of semples refine)',
      facts: scalars(json),
    }),
  },
  {
    is: ({ images, annotations, categories }) =>
      Array.isArray(images) && Array.isArray(annotations) && Array.isArray(categories),
    found: ({ images, annotations, categories }, { path }) => ({
      kind: 'data',
      what: 'annotations in the form of COCO',
      facts: [
        ['pictures', count((images as unknown[]).length, 'picture')],
        ['outlines', count((annotations as unknown[]).length, 'annotation')],
        [
          'classes',
          listed(
            (categories as { name?: unknown }[]).map(({ name }) => String(name)),
            12,
          ),
        ],
      ],
      next: {
        text: 'To see whether the pictures are there and fit, type:',
        commands: [`npx semples data check ${shellWord(path)}`],
      },
    }),
  },
  {
    is: (_, keys) => keys.has('train') && keys.has('val') && keys.has('size') && keys.has('seed'),
    found: () =>
      setting(
        'how drawn scenes were made (scenes.json of semples scenes)',
        'The folder around it is data to train on.',
      ),
  },
  {
    is: (_, keys) => keys.has('model_type') || keys.has('architectures') || keys.has('_class_name'),
    found: ({ model_type, architectures, _class_name }) => ({
      ...setting(
        `the config of a network of Hugging Face (${[model_type, _class_name, ...(Array.isArray(architectures) ? architectures : [])].filter(Boolean).join(', ')})`,
        BESIDE,
      ),
    }),
  },
  {
    is: (_, keys) => keys.has('model_cfg'),
    found: () => setting('the config of a CLIP of open_clip', BESIDE),
  },
  {
    is: (_, keys) => keys.has('image_mean') || keys.has('image_processor_type'),
    found: () =>
      setting('how a network of Hugging Face wants its pictures (preprocessor_config.json)', 'It is not needed.'),
  },
  {
    is: (_, keys) => keys.has('tokenizer_class') || (keys.has('added_tokens') && keys.has('model')),
    found: () =>
      setting(
        'the tokenizer of a network of Hugging Face',
        'It is not needed: the tokenizer of CLIP is a part of semples.',
      ),
  },
  {
    is: (_, keys) => keys.has('thresholds') && keys.has('checkpoint'),
    found: () =>
      setting(
        'the thresholds of predicted labels of a run (labels.json)',
        'Labels that are predicted (semples masks --labels predicted) go by them. The file belongs to the folder around it.',
      ),
  },
  {
    is: ({ last }, keys) =>
      (keys.has('epoch') && keys.has('files') && keys.has('state')) || /^epoch-\d+$/.test(String(last)),
    found: () =>
      setting('the state of a stage or a checkpoint of a run (state.json)', 'It belongs to the folder around it.'),
  },
]

/** JSON of every kind: settings of ours, an index of weights, class tables, annotations, labels. */
export async function json(file: FileAtHand): Promise<Found | undefined> {
  if (!/^(\uFEFF|\xEF\xBB\xBF)?\s*[{[]/.test(file.head.toString('latin1', 0, 256))) return undefined
  const value = parsed(await file.read())
  if (isObject(value)) {
    const kind = KINDS.find((each) => each.is(value, new Set(Object.keys(value))))
    if (kind !== undefined) return kind.found(value, file)
  }
  const entries = isObject(value) ? value.classes : value
  const isTable =
    Array.isArray(entries) &&
    entries.length > 0 &&
    entries.every((entry) => isObject(entry) && 'label' in entry && !('file' in entry))
  if (isTable) return classTable(file)
  if (isMetrics(file))
    return {
      kind: 'settings',
      what: 'the log of a training (metrics.jsonl of a run)',
      next: { text: 'To see its curves:', commands: [`npx semples report ${shellWord(dirname(file.path))}`] },
    }
  return labelsOrError(file, 'JSON')
}

async function classTable({ path }: FileAtHand): Promise<Found> {
  const { name, classes } = await readClassTable(path)
  return {
    kind: 'classes',
    what: `a class table (${name})`,
    facts: [
      [
        'classes',
        `${classes.length}: ${listed(
          classes.map(({ id, label }) => `${id} ${label}`),
          12,
        )}`,
      ],
    ],
    next: {
      text: 'To train with these classes:',
      commands: [`npx semples train --data DIR --classes ${shellWord(path)} --out runs/first`],
    },
  }
}

function isMetrics({ head }: FileAtHand): boolean {
  const [first = ''] = head.toString('utf8').split('\n', 1)
  const record = parsed(Buffer.from(first))
  return isObject(record) && typeof record.stage === 'string' && ('epoch' in record || 'step' in record)
}

/** Settings that are one word or number. */
function scalars(json: JsonObject): [string, string][] {
  const few = Object.entries(json).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
  return few.slice(0, 10).map(([name, value]) => [name, String(value)])
}

/** undefined for what is not JSON: its reader says why. */
function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
