import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { count, listed } from '../../base/count.js'
import { shellWord } from '../../base/shell.js'
import { RunDirectory } from '../../checkpoints/runDirectory.js'
import { readClassTable } from '../../datasets/classes/classTableFile.js'
import type { JsonlRecord } from '../../formats/jsonl.js'
import { stageKinds } from '../../stages/kinds.js'
import { isSegmenterRun } from '../readConfig.js'
import { SEGMENT_STAGE } from '../segment/prepare.js'
import { percentText, sizeText } from './texts.js'
import type { Found, InspectedRun } from './types.js'

type JsonObject = Readonly<Record<string, unknown>>

/**
 * What a run is and how far it has come.
 * @throws SemplesError `SEMPLES_RUN_INVALID`, also for a run of another version
 */
export async function run(path: string): Promise<Found> {
  const directory = await RunDirectory.open(path)
  const { manifest } = directory
  const config = objectOf(await directory.readConfig())
  const { classes } = await readClassTable(join(directory.path, 'classes.json'))
  const segments = isSegmenterRun(directory)
  const { targets } = manifest.notes
  const names = segments
    ? [SEGMENT_STAGE]
    : Array.isArray(config.stages)
      ? config.stages.map(String)
      : Object.keys(manifest.stages)
  const stages = names.map((name): InspectedRun['stages'][number] => {
    const state = manifest.stages[name]
    const of = objectOf(config[segments ? 'train' : name]).epochs
    return {
      name,
      status: state?.status ?? 'waiting',
      epochs: state?.epochs ?? 0,
      ...(typeof of === 'number' ? { of } : {}),
    }
  })
  const best = bestOf(await directory.readMetrics().catch(() => []))
  const checkpoints = await checkpointsIn(directory.path)
  const found: InspectedRun = {
    finished: manifest.finished !== undefined,
    stages,
    classes: classes.map(({ label }) => label),
    best,
    checkpoints,
  }
  const { versions, created, finished, seed } = manifest
  const bytes = checkpoints.reduce((sum, file) => sum + file.bytes, 0)
  return {
    kind: 'run',
    what: `${segments ? 'the run of a segmentation model' : 'a run of semples'}, ${finished === undefined ? 'not finished' : 'finished'}`,
    facts: [
      [
        'made by',
        Object.entries(versions)
          .map(([name, version]) => `${name} ${version}`)
          .join(', '),
      ],
      [
        'started',
        `${created.slice(0, 16).replace('T', ' ')}${finished === undefined ? '' : `, finished ${finished.slice(0, 16).replace('T', ' ')}`} (UTC), seed ${seed}`,
      ],
      ['data', dataText(objectOf(config.data))],
      ...(typeof targets === 'string' ? [['learns', targets] as [string, string]] : []),
      ['models', modelsText(config)],
      ['classes', `${classes.length}: ${listed(found.classes, 12)}`],
      ...stages.map((stage, index): [string, string] => [index === 0 ? 'stages' : '', stageText(stage)]),
      ...best.map((score, index): [string, string] => [index === 0 ? 'best' : '', bestText(score)]),
      ...checkpoints
        .slice(0, 12)
        .map((file, index): [string, string] => [index === 0 ? 'files' : '', `${file.path}, ${sizeText(file.bytes)}`]),
      ...(checkpoints.length > 12
        ? [['', `and ${checkpoints.length - 12} more, ${sizeText(bytes)} in all`] as [string, string]]
        : []),
    ],
    next: segments ? nextOfSegmenter(path, found) : nextOf(path, found),
    run: found,
  }
}

function nextOfSegmenter(path: string, { finished }: InspectedRun): Found['next'] {
  const folder = shellWord(path)
  if (!finished) return { text: 'To go on with it, type:', commands: [`npx semples segment train --resume ${folder}`] }
  return { text: 'For masks of any pictures, type:', commands: [`npx semples predict --run ${folder} FILE...`] }
}

function nextOf(path: string, { finished, checkpoints }: InspectedRun): Found['next'] {
  const folder = shellWord(path)
  if (!finished) return { text: 'To go on with it, type:', commands: [`npx semples train --resume ${folder}`] }
  const hasGenerator = checkpoints.some((file) => file.path.endsWith('generator.safetensors'))
  const report = `npx semples report ${folder}`
  if (!hasGenerator) return { text: 'To see it on a page, type:', commands: [report] }
  return {
    text: 'For masks of its pictures, of pictures without labels, and for a page about it, type:',
    commands: [
      `npx semples masks --run ${folder} --out masks`,
      `npx semples masks --run ${folder} --data DIR --labels predicted --out new-masks`,
      report,
    ],
  }
}

function stageText({ name, status, epochs, of }: InspectedRun['stages'][number]): string {
  const title = stageKinds.find((kind) => kind.name === name)?.title
  const done = of === undefined ? count(epochs, 'epoch') : `${epochs} of ${count(of, 'epoch')}`
  const state =
    status === 'waiting'
      ? 'not started'
      : status === 'done'
        ? `done, ${count(epochs, 'epoch')}`
        : `stopped or running, ${done}`
  return `${name}${title === undefined ? '' : ` (${title})`}: ${state}`
}

function bestText({ stage, epoch, miou, threshold }: InspectedRun['best'][number]): string {
  return `${stage}: mIoU ${percentText(miou)} after epoch ${epoch}, at threshold ${threshold}`
}

/** The best epoch of each stage whose epochs were compared. */
function bestOf(records: readonly JsonlRecord[]): InspectedRun['best'] {
  const best = new Map<string, InspectedRun['best'][number]>()
  for (const { stage, epoch, selection } of records) {
    const { miou, threshold } = objectOf(selection)
    if (typeof stage !== 'string' || typeof miou !== 'number') continue
    if (miou > (best.get(stage)?.miou ?? -1))
      best.set(stage, { stage, epoch: Number(epoch), miou, threshold: Number(threshold) })
  }
  return [...best.values()]
}

function dataText(data: JsonObject): string {
  const { kind } = data
  const path = typeof kind === 'string' ? data[kind] : undefined
  return [kind, path].filter((part) => typeof part === 'string').join(' ') || 'not said'
}

function modelsText({ generator, model, clip, preset }: JsonObject): string {
  const { kind, backbone, weights } = objectOf(generator ?? model)
  const { path } = objectOf(clip)
  const network = [kind, backbone].filter((part) => typeof part === 'string').join(' ')
  return [
    `${generator === undefined ? 'segmentation model' : 'generator'} ${network}${typeof weights === 'string' ? ` from ${weights}` : ''}`,
    typeof path === 'string' ? `CLIP ${path}` : 'no CLIP',
    ...(typeof preset === 'string' ? [`preset ${preset}`] : []),
  ].join(', ')
}

/** Files of tensors in the folders of the stages. */
async function checkpointsIn(path: string): Promise<InspectedRun['checkpoints']> {
  const names = await readdir(join(path, 'stages'), { recursive: true }).catch(() => [])
  const files = names.filter((name) => name.endsWith('.safetensors')).sort()
  return Promise.all(
    files.map(async (name) => {
      const file = join(path, 'stages', name)
      return { path: relative(path, file), bytes: (await stat(file)).size }
    }),
  )
}

function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {}
}
