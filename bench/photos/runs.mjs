// The runs of one row of the table: SemPLeS, stage c without prompts, and stage c with other classes' prompts.
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RunDirectory } from '../../dist/checkpoints/runDirectory.js'
import { readSafetensors, writeSafetensors } from '../../dist/formats/safetensors.js'
import { trainSemPLeS } from '../../dist/runs/trainSemPLeS.js'

/** Trains what is not there yet. */
async function train(input) {
  const there = existsSync(join(input.out, 'run.json'))
  await trainSemPLeS({ ...(there ? { resume: input.out } : input), report: false })
  return input.out
}

/**
 * All runs of a seed in `out`. @returns their folders
 *
 * @param changes fields of the config beside the preset, for trials
 */
export async function trainRuns({ data, clip, seed, out, threads, changes }) {
  const input = { preset: 'photos', ...changes, data, clip, seed, threads }
  const run = await train({ ...input, out: join(out, 'run') })
  return {
    run,
    control: await trainControl(run, input, join(out, 'control')),
    other: await trainOther(run, join(out, 'other')),
  }
}

/** Stage c from the same start, for as many steps, without its prompt term. */
async function trainControl(run, input, out) {
  const checkpoint = await (await RunDirectory.open(run)).stage('classify').checkpointPath('best')
  return train({
    ...input,
    out,
    generator: {
      ...input.generator,
      weights: join(checkpoint, 'generator.safetensors'),
      headStart: 'random',
    },
    stages: ['guide'],
    guide: { ...input.guide, terms: { ...input.guide?.terms, foreground_prompt: 0 } },
  })
}

/** Stage c where class i is kept from what class i + 5 learned: the same loss without its meaning. */
async function trainOther(run, out) {
  if (!existsSync(join(out, 'run.json'))) {
    const staging = `${out}.staging`
    await rm(staging, { recursive: true, force: true })
    await mkdir(staging, { recursive: true })
    await cp(run, staging, { recursive: true })
    await rm(join(staging, 'stages', 'guide'), { recursive: true, force: true })
    await shiftPrompts(staging)
    await forgetStage(staging, 'guide')
    await cp(staging, out, { recursive: true })
    await rm(staging, { recursive: true })
  }
  return train({ out })
}

async function shiftPrompts(run) {
  const checkpoint = await (await RunDirectory.open(run)).stage('prompt').checkpointPath('best')
  const file = join(checkpoint, 'prompts.safetensors')
  const { prompts } = (await readSafetensors(file)).tensors
  const [classes, ...rest] = prompts.shape
  const size = rest.reduce((product, side) => product * side, 1)
  const shifted = new Float32Array(prompts.data.length)
  for (let index = 0; index < classes; index++) {
    const from = (index + 5) % classes
    shifted.set(prompts.data.subarray(from * size, (from + 1) * size), index * size)
  }
  await writeSafetensors(file, { prompts: { ...prompts, data: shifted } })
}

/** As if the stage had not begun; its lines of metrics go with it. */
async function forgetStage(run, stage) {
  const manifest = JSON.parse(await readFile(join(run, 'run.json'), 'utf8'))
  delete manifest.stages[stage]
  delete manifest.finished
  await writeFile(join(run, 'run.json'), JSON.stringify(manifest))
  const lines = (await readFile(join(run, 'metrics.jsonl'), 'utf8')).split('\n')
  await writeFile(join(run, 'metrics.jsonl'), lines.filter((line) => !line.includes(`"stage":"${stage}"`)).join('\n'))
  await rm(join(run, 'report.html'), { force: true })
}
