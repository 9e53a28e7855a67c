import { execFile } from 'node:child_process'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { readMask } from '../../lib/masks/png.js'
import { writeHalves } from '../refine/halves.js'

const example = fileURLToPath(new URL('../../examples/refine.mjs', import.meta.url))
const run = promisify(execFile)

test('refine.mjs is under 20 lines', async () =>
  expect((await readFile(example, 'utf8')).trimEnd().split('\n').length).toBeLessThan(20))

test('refine.mjs refines, goes on where it was, and tells of a failure', async () => {
  const folder = () => mkdtemp(join(tmpdir(), 'semples-example-'))
  const [images, cams, out] = [await folder(), await folder(), join(await folder(), 'masks')]
  await writeHalves(images, cams, ['a', 'b'])
  const first = await run(process.execPath, [example, images, cams, out])
  expect(first.stdout).toMatch(/^a: classes 0, 7 in \d+ ms\nb: .*\n2 refined, 0 done before, 0 failed\n$/)
  expect(await readMask(join(out, 'b.png'))).toMatchObject({ width: 40, height: 30 })
  await writeFile(join(cams, 'c.png'), 'no mask')
  await writeFile(join(images, 'c.png'), 'no picture')
  const failure = await run(process.execPath, [example, images, cams, out]).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 1, stdout: expect.stringContaining('0 refined, 2 done before, 1 failed') })
  expect((failure as { stderr: string }).stderr).toMatch(/^c: .*no picture|^c: The picture/)
})
