import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from '@jest/globals'
import { writeSafetensors } from '../../lib/formats/safetensors.js'
import type { OpenClipOptions } from '../../lib/models/clip/clip.js'
import { goldenFolder, readGolden } from './golden.js'
import { clipOptions } from './goldenModels.js'
import { needs } from './needs.js'
import { runScript } from './python.js'

/** A file that a CLIP comes in: the script that writes it, and what is to be said besides its path. */
interface ClipForm {
  name: string
  layout: 'interface' | 'openai'
  script: readonly string[]
  /** Name of the archive in the folder; else the script prints the path. */
  file?: string
  /** Whether heads stand in a config beside it. */
  telling?: boolean
}

const ARCHIVES: readonly ClipForm[] = [
  { name: 'an archive of export.py', layout: 'interface', script: ['scripts/clip/export.py'], file: 'clip.pt' },
  {
    name: "an archive of OpenAI's",
    layout: 'openai',
    script: ['scripts/clip/openai_archive.py', '--dtype', 'float32', '--no-heads'],
    file: 'clip.pt',
  },
]

const saved = (form: string, name: string, telling: boolean): ClipForm => ({
  name,
  layout: 'openai',
  script: ['test/clip/save_weights.py', '--form', form],
  telling,
})

const WEIGHTS: readonly ClipForm[] = [
  saved('openai', 'a dictionary with the names of OpenAI', false),
  saved('openai-legacy', 'the same, as torch.save wrote before 1.6', false),
  saved('open-clip', 'a training checkpoint of open_clip', true),
  saved('open-clip-text-apart', 'safetensors of open_clip with the text tower apart', true),
  saved('hugging-face', 'safetensors of Hugging Face', true),
  saved('hugging-face-pickle', 'a pickle of Hugging Face', true),
  saved('hugging-face-shards', 'safetensors of Hugging Face in parts', true),
]

type Body = (form: ClipForm, options: () => OpenClipOptions) => void

/** The golden CLIP once of every way in which it is opened, before the tests of the enclosing describe; needs Python. */
export function describeClipArchives(body: Body): void {
  for (const form of [...ARCHIVES, ...WEIGHTS.slice(-1)]) describeForm(form, body)
}

/** The golden CLIP in every kind of file that a CLIP comes in. */
export function describeClipForms(body: Body): void {
  for (const form of [...ARCHIVES, ...WEIGHTS]) describeForm(form, body)
}

function describeForm(form: ClipForm, body: Body): void {
  needs('python').describe(form.name, () => {
    let folder = ''
    let path = ''
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'semples-clip-'))
      path = await writeGoldenForm(form, folder)
    })
    afterAll(() => rm(folder, { recursive: true, force: true }))
    body(form, () => (form.telling ? { path } : clipOptions(path)))
  })
}

async function writeGoldenForm({ script, file }: ClipForm, folder: string): Promise<string> {
  const weights = await readGolden('clip_weights')
  const embedding = await readGolden('clip_token_embedding')
  const merged = join(folder, 'golden.safetensors')
  await writeSafetensors(merged, { ...weights.tensors, ...embedding.tensors })
  const config = join(goldenFolder, 'clip_config.json')
  const out = file === undefined ? folder : join(folder, file)
  const printed = await runScript(script[0]!, ...script.slice(1), '--weights', merged, '--config', config, '--out', out)
  await rm(merged)
  return file === undefined ? printed.trim() : out
}
