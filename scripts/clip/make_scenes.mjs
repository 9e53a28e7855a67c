// Writes captioned scenes as raw arrays for scripts/clip/train_demo.py, which calls this by itself.
//
//     node scripts/clip/make_scenes.mjs --out .cache/scenes-clip --shots 40000 --probes 600 --seed 0
//
// shots.u8 [shots, size, size, 3]    tokens.i32 [shots, context]     meanings.i32 [shots]
// probes.u8, wholes.u8 [probes, size, size, 3] and probe_masks.u8, whole_masks.u8 [probes, size, size]: pictures for
// measuring, with one object each: on any background but its own, and on its own
// captions.jsonl, scenes.json (sizes, texts to measure with, labels of the probes, words with their token ids)
import { createWriteStream, existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { promptTokens } from '../promptTokens.mjs'

const dist = new URL('../../dist/', import.meta.url)
if (!existsSync(new URL('scenes/shots.js', dist))) {
  console.error('The package is not built: run npm run build:ts first.')
  process.exit(1)
}
const { captionedShot } = await import(new URL('scenes/shots.js', dist))
const { scene } = await import(new URL('scenes/scene.js', dist))
const { BACKGROUNDS, OBJECTS } = await import(new URL('scenes/vocabulary.js', dist))
const { encode, tokenize } = await import(new URL('text/tokenizer.js', dist))
const { labelText } = await import(new URL('text/templates.js', dist))

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    shots: { type: 'string', default: '40000' },
    probes: { type: 'string', default: '600' },
    seed: { type: 'string', default: '0' },
    size: { type: 'string', default: '64' },
    context: { type: 'string', default: '40' },
  },
})
if (!values.out) {
  console.error('Say where to write: --out FOLDER')
  process.exit(1)
}
const [shots, probes, seed, size, context] = ['shots', 'probes', 'seed', 'size', 'context'].map((name) =>
  Number(values[name]),
)
const target = path.resolve(values.out)
const partial = `${target}.${process.pid}.partial`

/** A file of bytes that waits for the disk. */
function sink(name) {
  const stream = createWriteStream(path.join(partial, name))
  return {
    async write(bytes) {
      if (!stream.write(bytes)) await new Promise((resolve) => stream.once('drain', resolve))
    },
    close: () => new Promise((resolve, reject) => stream.on('error', reject).end(resolve)),
  }
}

const bytesOf = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength)

/** Captions repeat, and so do their tokens. */
function tokenizer() {
  const known = new Map()
  return (text) => {
    if (!known.has(text))
      known.set(text, Int32Array.from(tokenize([text], { contextLength: context, truncate: true }).data, Number))
    return known.get(text)
  }
}

async function writeShots(used) {
  const [pixels, tokens, captions, meanings] = ['shots.u8', 'tokens.i32', 'captions.jsonl', 'meanings.i32'].map(sink)
  const tokensOf = tokenizer()
  const numbers = new Map()
  for (let index = 0; index < shots; index += 1) {
    const shot = captionedShot(seed, index, { size })
    const ids = tokensOf(shot.caption)
    if (!numbers.has(shot.meaning)) numbers.set(shot.meaning, numbers.size)
    for (const id of ids) used.add(id)
    await pixels.write(shot.pixels)
    await tokens.write(bytesOf(ids))
    await captions.write(`${JSON.stringify({ caption: shot.caption, meaning: shot.meaning })}\n`)
    await meanings.write(bytesOf(Int32Array.of(numbers.get(shot.meaning))))
  }
  for (const file of [pixels, tokens, captions, meanings]) await file.close()
}

/** Pictures of one object each, and the object's mask; `typical` is the share on its own background. */
async function writeProbes(name, typical) {
  const [pixels, masks] = [sink(`${name}.u8`), sink(`${name.replace(/s$/, '')}_masks.u8`)]
  const labels = []
  for (let index = 0; index < probes; index += 1) {
    const drawn = scene(seed, index, { size, typical, secondClass: 0, secondInstance: 0, stream: `clip ${name}` })
    await pixels.write(drawn.pixels)
    await masks.write(drawn.mask.data.map((id) => (id > 0 ? 255 : 0)))
    labels.push([drawn.labels[0], BACKGROUNDS.indexOf(drawn.background)])
  }
  await pixels.close()
  await masks.close()
  return labels
}

try {
  await mkdir(partial, { recursive: true })
  const used = new Set()
  await writeShots(used)
  const texts = [...OBJECTS, ...BACKGROUNDS].map(labelText)
  const textTokens = texts.map((text) => Array.from(tokenize([text], { contextLength: context }).data, Number))
  for (const id of [...textTokens.flat(), ...promptTokens]) used.add(id)
  const words = [...OBJECTS, ...BACKGROUNDS].map((word) => ({ word, ids: encode(word) }))
  const recipe = { shots, probes, seed, size, context }
  const content = {
    recipe,
    objects: OBJECTS,
    backgrounds: BACKGROUNDS,
    textTokens,
    words,
    tokenIds: [...used].sort((a, b) => a - b),
    probes: await writeProbes('probes', 0),
    wholes: await writeProbes('wholes', 1),
  }
  await writeFile(path.join(partial, 'scenes.json'), JSON.stringify(content))
  await rm(target, { recursive: true, force: true })
  await rename(partial, target)
} finally {
  await rm(partial, { recursive: true, force: true })
}
console.log(`${target}: ${shots} captioned pictures`)
