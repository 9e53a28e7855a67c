import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { beforeAll, expect, test } from '@jest/globals'
import type { StageName, TrainConfigInput } from '../../lib/config/types.js'
import { packageFolder } from '../../lib/native/addonFile.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { needs } from '../support/needs.js'
import { writeShapes } from './shapes.js'
import { metricsOf, outcomeOf, temporaryFolder, tinyRun } from './tiny.js'
import { tinyClipArchive } from './tinyClip.js'

const index = join(packageFolder, 'dist/index.js')
const EPOCHS = 4

/** Trains in a process of its own and tells every step that was made. */
const TRAINER = `
const { trainSemPLeS } = await import(process.argv[1])
const onProgress = ({ stage, epoch, step }) => step > 0 && process.stdout.write(stage + ' ' + epoch + ' ' + step + '\\n')
await trainSemPLeS({ ...JSON.parse(process.argv[2]), onProgress })`

function startTrainer(input: TrainConfigInput | { resume: string }): ChildProcess & { lines: AsyncIterable<string> } {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', TRAINER, pathToFileURL(index).href, JSON.stringify(input)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  return Object.assign(child, { lines: createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }) })
}

/** Kills the process some milliseconds after a step of it. */
async function killAt(
  child: ReturnType<typeof startTrainer>,
  moment: string,
  delay: number,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<void> {
  const exit = once(child, 'exit')
  for await (const line of child.lines) {
    if (line !== moment) continue
    await meanwhile()
    await pause(delay)
    child.kill('SIGKILL')
    break
  }
  const [, signal] = await exit
  expect(signal).toBe('SIGKILL')
}

needs('build', 'python').describe('a run that was killed', () => {
  let root: string
  let clip: string
  let whole: unknown
  const run = async (name: string) =>
    tinyRun(await writeShapes(root), join(root, name), { clip, augment: 'reference', epochs: EPOCHS })
  beforeAll(async () => {
    root = await temporaryFolder()
    clip = await tinyClipArchive()
    await trainSemPLeS(await run('whole'))
    whole = await outcomeOf(join(root, 'whole'))
  })

  // Within an epoch, and at its end, where the checkpoint is written.
  const moments: [StageName, number, number, number][] = [
    ['classify', 1, 1, 0],
    ['classify', 2, 2, 4],
    ['match', 3, 2, 0],
    ['prompt', 1, 2, 2],
    ['guide', 2, 2, 8],
  ]
  test('at any moment, once or twice, ends as one that was not, when it goes on', async () => {
    const once = moments.map(async ([stage, epoch, step, delay]) => {
      const name = `${stage}-${epoch}-${step}`
      const out = join(root, name)
      await killAt(startTrainer(await run(name)), `${stage} ${epoch} ${step}`, delay)
      expect((await metricsOf(out)).length).toBeLessThan(4 * EPOCHS * 2)
      await trainSemPLeS({ resume: out })
      expect(await outcomeOf(out)).toEqual(whole)
    })
    const twice = async () => {
      const out = join(root, 'twice')
      await killAt(startTrainer(await run('twice')), 'classify 1 2', 0, async () => {
        // While it runs, no other process goes on with it.
        await expect(trainSemPLeS({ resume: out })).rejects.toMatchObject({ code: 'SEMPLES_RUN_LOCKED', file: out })
      })
      await killAt(startTrainer({ resume: out }), 'match 1 1', 3)
      await trainSemPLeS({ resume: out })
      expect(await outcomeOf(out)).toEqual(whole)
    }
    await Promise.all([...once, twice()])
  })
})
