import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { Random } from '../../../lib/loader/random.js'
import { checkVocSubmission } from '../../../lib/submission/voc/checkVoc.js'
import { writeVocSubmission } from '../../../lib/submission/voc/writeVoc.js'
import { temporaryFiles } from '../../datasets/temporaryFiles.js'
import { drawnMask, writeMasks } from '../masks.js'

const ids = ['2007_000032', '2007_000039', '2008_000100']

/** The contents of files in a tar, by their sizes in the headers. */
function contents(tar: Buffer): Buffer[] {
  const files: Buffer[] = []
  for (let at = 0; tar[at] !== 0; ) {
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8)
    files.push(tar.subarray(at + 512, at + 512 + size))
    at += 512 + 512 * Math.ceil(size / 512)
  }
  return files
}

function damaged(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes)
  for (let flips = random.integer(1, 4); flips > 0; flips--) {
    // Headers and small files lie at the beginning.
    const end = random.chance(0.5) ? Math.min(4096, copy.length) : copy.length
    copy[random.integer(0, end - 1)]! ^= random.integer(1, 255)
  }
  return random.chance(0.15) ? copy.subarray(0, random.integer(1, copy.length)) : copy
}

test('damage of any kind is found or changes no mask, and never ends a check with another error', async () => {
  const root = await temporaryFiles({ 'test.txt': ids.join('\n') })
  const list = join(root, 'test.txt')
  const drawn = Object.fromEntries(ids.map((id, index) => [id, drawnMask(60 + index, [0, 3, 15, 20])]))
  const masks = await writeMasks(join(root, 'masks'), drawn)
  await writeVocSubmission({ masks, list, out: join(root, 'whole.tgz') })
  const whole = await readFile(join(root, 'whole.tgz'))
  const before = contents(gunzipSync(whole))
  const archive = join(root, 'damaged.tgz')
  const random = new Random('damage')
  let stopped = 0
  for (let round = 0; round < 300; round++) {
    const inside = random.chance(0.5)
    const bytes = inside ? gzipSync(damaged(gunzipSync(whole), random), { level: 1 }) : damaged(whole, random)
    await writeFile(archive, bytes)
    const { canSubmit, findings } = await checkVocSubmission(archive, { list })
    expect([round, findings.every(({ message, advice }) => message !== '' && advice !== '')]).toEqual([round, true])
    if (canSubmit) expect([round, contents(gunzipSync(bytes))]).toEqual([round, before])
    else stopped++
  }
  expect(stopped).toBeGreaterThan(200)
})
