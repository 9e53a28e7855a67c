import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { count, listed } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { shellWord } from '../../base/shell.js'
import { walkFolder } from '../../datasets/folder/walk.js'
import { detectData, kindOfData } from '../../datasets/kinds.js'
import { isPictureName } from '../../datasets/pictureNames.js'
import { tableFile } from '../../datasets/predictions/classTables.js'
import { CAM_EXTENSIONS } from '../../formats/camFile/classMaps.js'
import { FileAtHand } from './fileAtHand.js'
import { mask } from './mask.js'
import { run } from './run.js'
import { sizeText } from './texts.js'
import type { Found } from './types.js'

/** Files of weights as checkpoints have them. */
const WEIGHTS = /\.(safetensors|pth|bin|ckpt|index\.json)$/i

/** Files of weights that are named. */
const SHOWN = 12

/** What a folder is: a run, a checkpoint, masks, maps, or data. */
export async function folder(path: string): Promise<Found> {
  if (existsSync(join(path, 'run.json'))) return run(path)
  const entries = await readdir(path, { withFileTypes: true })
  const files = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
  const runs = entries.filter((entry) => entry.isDirectory() && existsSync(join(path, entry.name, 'run.json')))
  if (runs.length > 0)
    return holdsRuns(
      path,
      runs.map(({ name }) => join(path, name)),
    )
  for (const [record, command] of RECORDS) if (files.includes(record)) return made(path, files, record, command)
  const weights = files.filter((name) => WEIGHTS.test(name))
  if (weights.length > 0) return checkpoint(path, weights)
  const maps = files.filter((name) => CAM_EXTENSIONS.includes(extname(name).toLowerCase()))
  const pictures = files.filter(isPictureName)
  if (maps.length > 0 && maps.length >= pictures.length) return camFolder(path, maps)
  if (entries.length === 0)
    throw new SemplesError('SEMPLES_FILE_UNKNOWN', { message: `The folder ${path} is empty.`, file: path })
  return (pictures.length === entries.length ? await maskFolder(path, pictures) : undefined) ?? data(path)
}

/** PNGs alone, the first of which is a mask. */
async function maskFolder(path: string, files: readonly string[]): Promise<Found | undefined> {
  if (!files.every((name) => /\.png$/i.test(name))) return undefined
  const found = await mask(await FileAtHand.open(join(path, files[0]!))).catch(() => undefined)
  if (found?.mask === undefined) return undefined
  return {
    kind: 'folder',
    what: 'a folder of masks',
    facts: [['masks', count(files.length, 'mask')], ...found.facts!.filter(([name]) => name === 'classes')],
    ...(found.next ? { next: found.next } : {}),
  }
}

/** What says how masks were made, and the command that made them. */
const RECORDS: readonly (readonly [string, string])[] = [
  ['masks.json', 'semples masks'],
  ['refine.json', 'semples refine'],
]

function holdsRuns(path: string, runs: readonly string[]): Found {
  return {
    kind: 'folder',
    what: `a folder with ${count(runs.length, 'run')} of semples in it`,
    facts: [['runs', listed(runs, 6)]],
    next: { text: 'To see one, type:', commands: [`npx semples inspect ${shellWord(runs[0] ?? path)}`] },
  }
}

async function made(path: string, files: readonly string[], record: string, command: string): Promise<Found> {
  const masks = files.filter((name) => /\.png$/i.test(name))
  const maps = files.filter((name) => CAM_EXTENSIONS.includes(extname(name).toLowerCase()))
  return {
    kind: 'folder',
    what: `a folder of masks that ${command} made`,
    facts: [
      ['masks', count(masks.length, 'mask')],
      ...(maps.length > 0 ? [['maps', count(maps.length, 'file')] as [string, string]] : []),
      ['settings', `in ${record}`],
    ],
    next: {
      text: 'To compare them with ground truth, or to see one of them:',
      commands: [
        `npx semples eval --masks ${shellWord(path)} --ground-truth DIR --classes ${shellWord(await tableFile(path))}`,
        ...masks.slice(0, 1).map((name) => `npx semples inspect ${shellWord(join(path, name))}`),
      ],
    },
  }
}

async function checkpoint(path: string, files: readonly string[]): Promise<Found> {
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(path, name))).size))
  const [main] = [...files].sort((one, other) => rank(one) - rank(other))
  return {
    kind: 'folder',
    what: 'a folder with files of weights',
    facts: [
      ...files
        .slice(0, SHOWN)
        .map((name, index): [string, string] => [index === 0 ? 'files' : '', `${name}, ${sizeText(sizes[index]!)}`]),
      ...(files.length > SHOWN ? [['', `and ${files.length - SHOWN} more`] as [string, string]] : []),
    ],
    next: {
      text: 'Options take the file and not the folder. To see what it is, type:',
      commands: [`npx semples inspect ${shellWord(join(path, main!))}`],
    },
  }
}

/** An index speaks for all of its parts. */
function rank(name: string): number {
  return /\.index\.json$/i.test(name) ? 0 : /\.safetensors$/i.test(name) ? 1 : 2
}

function camFolder(path: string, maps: readonly string[]): Found {
  return {
    kind: 'maps',
    what: 'a folder of score maps, or of other arrays',
    facts: [['files', `${count(maps.length, 'file')}: ${listed(maps, 4)}`]],
    next: {
      text: 'To see what is in one, and to refine all:',
      commands: [
        `npx semples inspect ${shellWord(join(path, maps[0]!))}`,
        `npx semples refine --images DIR --cams ${shellWord(path)} --out refined`,
      ],
    },
  }
}

async function data(path: string): Promise<Found> {
  const { kind, title } = kindOfData(await detectData(path))
  if (kind === 'folder' && !(await walkFolder(path)).files.some(isPictureName))
    throw new SemplesError('SEMPLES_FILE_UNKNOWN', {
      message: `In the folder ${path} there is nothing that semples has a use for: no picture, no weights, no maps, no run.`,
      file: path,
    })
  return {
    kind: 'data',
    what: `taken for data: ${title}`,
    next: {
      text: 'What is in it, and whether training can start, says:',
      commands: [`npx semples data check ${shellWord(path)}`],
    },
  }
}
