// Writes the small copies of the golden tensors that a clone carries, test/golden/data:
//
//     npm run build:ts && node scripts/golden/copy.mjs <golden folder> [kind]
//
// One kind of generator, stages and losses (voc by default), without photographs: cam_generation and preprocessing are
// left out. Of the token embedding only the rows that the tests look up are kept (test/support/sparse.ts).
import { copyFileSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promptTokens } from '../promptTokens.mjs'

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..')
const target = join(repository, 'test/golden/data')
const [source, kind = 'voc'] = process.argv.slice(2)
if (source === undefined || !existsSync(source)) {
  console.error('usage: node scripts/golden/copy.mjs <golden folder> [kind]')
  process.exit(1)
}
const { readSafetensors, writeSafetensors } = await import('../../dist/formats/safetensors.js')

const all = () => true
const without =
  (...patterns) =>
  (name) =>
    !patterns.some((pattern) => pattern.test(name))

// Which tensors of which file. Of the other input sizes two stay: one that is no multiple of the patch, and the last,
// whose patch count is that of the trained size.
const FILES = [
  ['clip_weights', all],
  ['clip_io', all],
  ['evaluation', all],
  ['losses', (name) => name.startsWith('scalar.') || new RegExp(`^${kind}\\.[a-z]+0\\.`).test(name)],
  [
    `generator_forward_${kind}`,
    (name, { sizes }) => !name.startsWith('size_') || sizes.some((size) => name.startsWith(size)),
  ],
  [`generator_backward_${kind}`, without(/\.grad\.blocks\.[1-9]/, /softmargin\.grad\.blocks/)],
  [`generator_droppath_${kind}`, all],
  [`stages_${kind}_inputs`, all],
  [`stage_a_${kind}`, all],
  [`stage_b_${kind}`, without(/\.masked_/)],
  [`stage_c_${kind}`, without(/\.masked_/)],
]
const JSON_FILES = ['clip_config.json', 'clip_prompts.json', 'class_names.json', 'lr_schedule.json']

rmSync(target, { recursive: true, force: true })
mkdirSync(target, { recursive: true })
for (const name of JSON_FILES) copyFileSync(join(source, name), join(target, name))
for (const [name, keep] of FILES) await copy(name, keep)
await copyUsedRows()

async function copy(name, keep) {
  const { tensors, metadata } = await readSafetensors(join(source, `${name}.safetensors`))
  const sizes = JSON.parse(metadata.sizes ?? '[]').filter((_, index, list) => index === 1 || index === list.length - 1)
  if (metadata.sizes !== undefined) metadata.sizes = JSON.stringify(sizes)
  const context = { sizes: sizes.map(([height, width]) => `size_${height}x${width}.`) }
  const kept = Object.fromEntries(Object.entries(tensors).filter(([tensor]) => keep(tensor, context)))
  await write(name, kept, metadata)
}

async function copyUsedRows() {
  const name = 'clip_token_embedding'
  const table = 'token_embedding.weight'
  const { tensors, metadata } = await readSafetensors(join(source, `${name}.safetensors`))
  const io = await readSafetensors(join(source, 'clip_io.safetensors'))
  const used = new Set(promptTokens.map(BigInt))
  for (const [tensor, { data }] of Object.entries(io.tensors)) {
    if (tensor.endsWith('token_ids')) for (const id of data) used.add(id)
  }
  const ids = BigInt64Array.from(used).sort()
  const { dtype, shape, data } = tensors[table]
  const rows = new data.constructor(ids.length * shape[1])
  ids.forEach((id, row) => {
    rows.set(data.subarray(Number(id) * shape[1], (Number(id) + 1) * shape[1]), row * shape[1])
  })
  const sparse = {
    [`sparse.${table}.ids`]: { dtype: 'int64', shape: [ids.length], data: ids },
    [`sparse.${table}.rows`]: { dtype, shape: [ids.length, shape[1]], data: rows },
  }
  await write(name, sparse, { ...metadata, [`sparse.${table}.shape`]: JSON.stringify(shape) })
}

async function write(name, tensors, metadata) {
  const path = join(target, `${name}.safetensors`)
  await writeSafetensors(path, tensors, metadata)
  console.log(`${String(statSync(path).size).padStart(9)}  ${name}`)
}
