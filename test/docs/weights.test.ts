import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import type { SemplesError } from '../../lib/base/error.js'
import { readWeights } from '../../lib/formats/stateDict.js'
import { isRefusal, planClip } from '../../lib/models/clip/plan.js'
import { weaktrTensors } from '../../lib/models/foreign/own.js'
import { judgeLoad } from '../../lib/models/foreign/plan.js'
import { rejection } from '../config/refusal.js'
import { temporaryFiles } from '../datasets/temporaryFiles.js'
import { opcodes } from '../formats/pickle/pickleWriter.js'
import { archive, dictionary, tensor } from '../formats/torchWriter.js'
import { openAiTensors, shapesOf } from '../models/clip/lookAlikes.js'
import { deit, dinov2, distilled, type Shapes, vit } from '../models/foreign/lookAlikes.js'

const page = readFileSync(path.join(import.meta.dirname, '../../docs/weights.md'), 'utf8')
/** File, and what the page says that a person reads. */
const rows = new Map(
  [
    ...page
      .split('### Wrong neighbours')[1]!
      .split('## ')[0]!
      .matchAll(/^\| (.+?) \| (.+) \|$/gm),
  ].map((row) => [row[1]!, row[2]!]),
)

const SMALL = { width: 384, depth: 12, patch: 16, side: 14 }
const generator = weaktrTensors({ width: 384, depth: 12, patchSize: 16, heads: 6 }, 20)

/** The sentence with the hint, of a file called "…". */
function asWeights(shapes: Shapes): string {
  const file = new Map(Object.entries(shapes).map(([name, shape]) => [name, { shape, dtype: 'float32' }]))
  const result = judgeLoad(file, generator, 'start', '…')
  if ('refused' in result) return `${result.refused.message} ${result.refused.hint}`
  return result.notes.map(({ text }) => text).join(' ')
}

function asClip(names: readonly string[]): string {
  const shapes = shapesOf(openAiTensors({ patch: 4, imageSize: 8 }))
  for (const name of names) shapes.set(name, [1])
  const plan = planClip(shapes)
  if (plan === undefined || !isRefusal(plan)) throw new Error('not refused')
  return `… is ${plan.what}. ${plan.because}`
}

async function asFile(content: string | Uint8Array): Promise<string> {
  const folder = await temporaryFiles({ 'weights.pt': content })
  const error: SemplesError = await rejection(readWeights(path.join(folder, 'weights.pt')))
  return error.message
}

const PAGE = '<!DOCTYPE html>\n<html><head><title>403 Forbidden</title></head><body>Forbidden</body></html>'
const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'4'.repeat(64)}\nsize 353976522\n`

const printed: Record<string, () => string | Promise<string>> = {
  'RN50 CLIP': () => asClip(['visual.attnpool.positional_embedding', 'visual.layer1.0.conv1.weight']),
  SigLIP: () => asClip(['logit_bias', 'vision_model.head.probe']),
  'distilled DeiT': () => asWeights(distilled(SMALL)),
  'LayerScale (DINOv2)': () => asWeights(dinov2(SMALL)),
  registers: () => asWeights({ ...vit(SMALL), register_tokens: [1, 4, 384] }),
  'other patch size': () => asWeights(deit({ ...SMALL, patch: 8, side: 28 })),
  'other width': () => asWeights(deit({ ...SMALL, width: 768 })),
  'only a head': () => asWeights({ 'fc.weight': [1000, 2048], 'fc.bias': [1000] }),
  'only an optimiser': () =>
    asFile(archive(dictionary({ state: dictionary({ exp_avg: tensor() }), param_groups: opcodes('](}e') }))),
  'HTML page saved as .pt': () => asFile(PAGE),
  'Git LFS pointer': () => asFile(POINTER),
}

test('every wrong neighbour of the page has its case', () => {
  expect([...rows.keys()].filter((name) => !/^(file|---)$/.test(name))).toEqual(Object.keys(printed))
})

test.each(Object.keys(printed))('%s: the page has the words of the program', async (name) => {
  const message = plain(await printed[name]!())
  // The page leaves out the name of the file, and what is added in brackets; sentences it has whole.
  const said = plain(rows.get(name)!)
    .replace(/^\(loads, with this warning\) /, '')
    .replace(/^… /, '')
  for (const sentence of said.split(/(?<=\.) (?=[A-Z])/))
    expect(message.toLowerCase()).toContain(sentence.toLowerCase())
})

/** Without asides in brackets that an error adds, and without the end of a sentence. */
function plain(text: string): string {
  return text
    .replace(/ \((field|expected|file|received) [^()]*(\([^()]*\))?[^()]*\)/g, '')
    .replaceAll(/\s+/g, ' ')
    .replace(/\.$/, '')
}
