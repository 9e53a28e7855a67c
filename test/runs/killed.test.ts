import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, expect, test } from '@jest/globals'
import { packageFolder } from '../../lib/base/package.js'
import type { StageName, TrainConfigInput } from '../../lib/config/types.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { needs } from '../support/needs.js'
import { writeShapes } from './shapes.js'
import { metricsOf, outcomeOf, temporaryFolder, tinyRun } from './tiny.js'
import { tinyClipArchive } from './tinyClip.js'

const index = join(packageFolder(), 'dist/index.js')
const EPOCHS = 4

/**
 * Trains in a process of its own, and has it kill itself some milliseconds after a step: by its own clock, so that it
 * is never too late on a busy machine. Without milliseconds it stands still there until it is killed.
 */
const TRAINER = `
const { trainSemPLeS } = await import(process.argv[1])
const [moment, delay] = JSON.parse(process.argv[3])
const onProgress = ({ stage, epoch, step }) => {
  if (stage + ' ' + epoch + ' ' + step !== moment) return
  if (delay !== null) setTimeout(() => process.kill(process.pid, 'SIGKILL'), delay)
  else {
    writeSync(1, 'here')
    process.kill(process.pid, 'SIGSTOP')
  }
}
await trainSemPLeS({ ...JSON.parse(process.argv[2]), onProgress })`

function startTrainer(
  input: TrainConfigInput | { resume: string },
  moment: string,
  delay: number | null,
): ChildProcess {
  const words = [pathToFileURL(index).href, JSON.stringify(input), JSON.stringify([moment, delay])]
  return spawn(
    process.execPath,
    ['--input-type=module', '-e', `import { writeSync } from 'node:fs'${TRAINER}`, ...words],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
}

async function expectKilled(child: ChildProcess): Promise<void> {
  const [, signal] = await once(child, 'exit')
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
    const killedOnce = moments.map(async ([stage, epoch, step, delay]) => {
      const name = `${stage}-${epoch}-${step}`
      const out = join(root, name)
      await expectKilled(startTrainer(await run(name), `${stage} ${epoch} ${step}`, delay))
      expect((await metricsOf(out)).length).toBeLessThan(4 * EPOCHS * 2)
      await trainSemPLeS({ resume: out })
      expect(await outcomeOf(out)).toEqual(whole)
    })
    const twice = async () => {
      const out = join(root, 'twice')
      const child = startTrainer(await run('twice'), 'classify 1 2', null)
      await once(child.stdout!, 'data')
      // While it is there, no other process goes on with it.
      await expect(trainSemPLeS({ resume: out })).rejects.toMatchObject({ code: 'SEMPLES_RUN_LOCKED', file: out })
      child.kill('SIGKILL')
      await expectKilled(child)
      await expectKilled(startTrainer({ resume: out }, 'match 1 1', 3))
      await trainSemPLeS({ resume: out })
      expect(await outcomeOf(out)).toEqual(whole)
    }
    await Promise.all([...killedOnce, twice()])
  })
})
