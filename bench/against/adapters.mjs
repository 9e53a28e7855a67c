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
  // The next layout goes here.
  {
    name: 'v0.1-layout',
    fits: (files) => files.includes('models/trainer.js') && files.includes('config/error.js'),
    open: openFirst,
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

/** The layout of version 0.1: terms as a list, what is trained as `trains`, options of a stage side by side. */
async function openFirst(load, { clip: archive }) {
  const { imageSize, classes, promptLength, threads } = SIZES
  const { chooseCompute } = await load('devices')
  const { MaskGenerator } = await load('maskGenerator')
  const { Clip } = await load('clip')
  const { BackgroundPrompts } = await load('backgroundPrompts')
  const { Trainer } = await load('trainer')
  const { tokenize } = await load('tokenizer')
  const { refineMask } = await load('refineMask')
  await chooseCompute('cpu', threads)
  const generator = await MaskGenerator.create({ imageSize, classes, seed: 5 })
  const clip = await Clip.open({ path: archive })
  const prompts = await BackgroundPrompts.create({ classes, length: promptLength, width: clip.info.textWidth, seed: 9 })
  const textIds = tokenize(Array.from({ length: classes }, (_, index) => `a photo of number ${index}.`))

  const matching = [
    { name: 'match', weight: 1 },
    { name: 'background_text', weight: 2.4 },
  ]
  const prompting = [
    { name: 'background_prompt', weight: 1 },
    { name: 'text_prompt', weight: 0.02 },
  ]
  const refining = [...matching, { name: 'foreground_prompt', weight: 0.05 }]
  const shared = { generator, clip, prompts, textIds, weightDecay: 0.03 }
  const trainers = {
    match: await Trainer.create({ ...shared, terms: matching, trains: 'head', maskEpsilon: 0.1 }),
    prompt: await Trainer.create({ ...shared, terms: prompting, trains: 'prompts', maskEpsilon: 1e-4 }),
    refine: await Trainer.create({ ...shared, terms: refining, trains: 'head', maskEpsilon: 0.1 }),
  }
  const crf = {
    ...{ method: 'crf', unary: 'soft', iterations: 10, threads, withScores: true },
    gaussian: { sxy: 3, compat: 3 },
    bilateral: { sxy: 50, srgb: 5, compat: 10 },
  }
  return {
    trainingStep: async (stage, batch) => (await trainers[stage].step(batch)).loss,
    cams: async (scales, indices, size) => (await generator.cams(scales, indices, true, size)).cams,
    denseCrf: async (image, scores) => (await refineMask({ image, scores, ...crf })).scores.data,
  }
}
