import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pythonEnvironment } from '../scripts/python-env.mjs'
import { root, StepError } from '../scripts/steps/process.mjs'

/** A CLIP ViT-B/32 of random weights in OpenAI's layout: made once, then kept in .cache/bench. */
export async function randomClip() {
  const archive = join(root, '.cache', 'bench', 'vit-b-32-random.pt')
  if (!existsSync(archive)) {
    mkdirSync(join(root, '.cache', 'bench'), { recursive: true })
    const python = await pythonEnvironment()
    if (python === '') throw new StepError('Making a CLIP of random weights needs Python.')
    execFileSync(python, [join(root, 'scripts/clip/openai_archive.py'), '--out', archive], { stdio: 'inherit' })
  }
  return archive
}
