// How each generation of this library is called. Both processes are asked for the same work (tasks.mjs); an adapter
// turns it into calls of the modules that a checkout has. A new layout gets a new entry in front; old ones stay.
import { existsSync, readdirSync } from 'node:fs'
import { basename, join, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { SIZES } from './tasks.mjs'

/**
 * Tried in order; the first that `fits` a list of files of dist/ (with forward slashes) is used. `open(modules, settings)`
 * gives a side:
 *
 * - `trainingStep(stage, batch)`: one step of `match`, `prompt` or `refine` on three positive pairs → the loss
 * - `cams(scales, classes, size)`: CAMs of a picture given at its scales → float32 [classes, height, width]
 * - `denseCrf(image, scores)`: ten iterations on soft energies → float32 [labels, height, width]
 */
export const adapters = [
  {
    name: 'rooms',
    fits: (files) => files.includes('base/error.js') && files.includes('stages/kinds.js'),
    open: (load, settings) => open(load, settings, rooms),
  },
  {
    name: 'v0.1-layout',
    fits: (files) => files.includes('models/trainer.js') && files.includes('config/error.js'),
    open: (load, settings) => open(load, settings, first),
  },
]

/** The side of a built checkout. @throws Error for a checkout that no adapter knows */
export async function openSide(checkout, settings) {
  const dist = join(checkout, 'dist')
  const files = existsSync(dist) ? readdirSync(dist, { recursive: true }).map((file) => file.split(sep).join('/')) : []
  const adapter = adapters.find(({ fits }) => fits(files))
  if (adapter === undefined)
    throw new Error(`No adapter of bench/against/adapters.mjs knows the layout of ${dist}. Is it built?`)
  return adapter.open(moduleFinder(dist, files), settings)
}

/** Imports a module of dist/ by its file name alone: a file that moved is found where it lies now. */
function moduleFinder(dist, files) {
  return async (name) => {
    const found = files.filter((file) => basename(file) === `${name}.js`)
    if (found.length !== 1) throw new Error(`There are ${found.length} files ${name}.js in ${dist}, not one.`)
    return import(pathToFileURL(join(dist, found[0])).href)
  }
}

/** Weights of the loss terms of each stage, by name. */
const TERMS = {
  match: { match: 1, background_text: 2.4 },
  prompt: { background_prompt: 1, text_prompt: 0.02 },
  refine: { match: 1, background_text: 2.4, foreground_prompt: 0.05 },
}

/** Kinds of generators; terms by name; the optimiser by itself. */
const rooms = {
  generator: (sizes) => ({ kind: 'weaktr', ...sizes }),
  training: (terms) => ({ terms, optimizer: { kind: 'adamw', weightDecay: 0.03 } }),
}

/** One kind of generator; terms as a list; all options side by side. */
const first = {
  generator: (sizes) => sizes,
  training: (terms) => ({
    terms: Object.entries(terms).map(([name, weight]) => ({ name, weight })),
    weightDecay: 0.03,
  }),
}

async function open(load, { clip: archive }, layout) {
  const { imageSize, classes, promptLength, threads } = SIZES
  const { chooseCompute } = await load('devices')
  const { MaskGenerator } = await load('maskGenerator')
  const { Clip } = await load('clip')
  const { BackgroundPrompts } = await load('backgroundPrompts')
  const { Trainer } = await load('trainer')
  const { tokenize } = await load('tokenizer')
  const { refineMask } = await load('refineMask')
  await chooseCompute('cpu', threads)
  const generator = await MaskGenerator.create(layout.generator({ imageSize, classes, seed: 5 }))
  const clip = await Clip.open({ path: archive })
  const prompts = await BackgroundPrompts.create({ classes, length: promptLength, width: clip.info.textWidth, seed: 9 })
  const textIds = tokenize(Array.from({ length: classes }, (_, index) => `a photo of number ${index}.`))

  const trainer = (stage, trains, maskEpsilon) =>
    Trainer.create({ generator, clip, prompts, textIds, trains, maskEpsilon, ...layout.training(TERMS[stage]) })
  const trainers = {
    match: await trainer('match', 'head', 0.1),
    prompt: await trainer('prompt', 'prompts', 1e-4),
    refine: await trainer('refine', 'head', 0.1),
  }
  const crf = {
    ...{ method: 'crf', unary: 'soft', iterations: 10, threads, withScores: true },
    gaussian: { sxy: 3, compat: 3 },
    bilateral: { sxy: 50, srgb: 5, compat: 10 },
  }
  return {
    trainingStep: async (stage, batch) => (await trainers[stage].step(batch)).loss,
    cams: async (scales, indices, size) => (await generator.cams(scales, indices, undefined, size)).cams,
    denseCrf: async (image, scores) => (await refineMask({ image, scores, ...crf })).scores.data,
  }
}
