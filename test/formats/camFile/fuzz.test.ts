import { expect, test } from '@jest/globals'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { decodeCamFile } from '../../../lib/formats/camFile/camFile.js'
import { processTime } from '../../support/processorTime.js'
import { archivedFiles } from './archives.js'

const ROUNDS = 10_000
/** Opcodes, and bytes that make lengths and sizes large. */
const SPECIAL = [...Buffer.from('().012abcdeghijlopqrstuNQPRXBCGIJKLMSTUV]}', 'latin1'), 0x80, 0x81, 0x8a, 0x8c, 0x8e]
SPECIAL.push(0x93, 0x94, 0x95, 0x96, 0, 1, 0x7f, 0xff)

test(`${ROUNDS} damaged files: a SemplesError or whole maps, in bounded time`, async () => {
  const files: Uint8Array[] = []
  for (const archive of ['python2', 'numpy2-torch2.13', 'torch1.4'] as const) {
    files.push(...(await archivedFiles(archive)).values())
  }
  const generator = xoroshiro128plus(5)
  const below = (limit: number) => uniformInt(generator, 0, limit - 1)
  let read = 0
  let slowest = 0
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = damaged(files, below)
    const start = processTime()
    const { cam, error } = await decodeCamFile(bytes, 'x.pkl').then(
      (cam) => ({ cam, error: undefined }),
      (error: unknown) => ({ cam: undefined, error: error as Error }),
    )
    slowest = Math.max(slowest, processTime() - start)
    if (cam === undefined) {
      if (error.name !== 'SemplesError') throw error
      continue
    }
    read++
    const [count, height, width] = cam.maps.shape
    expect(cam.maps.data).toHaveLength(count * height * width)
    expect(cam.classes?.length ?? count).toBeGreaterThanOrEqual(cam.background ? count - 1 : count)
  }
  // Damage to a number or to a name that does not matter leaves a file that can be read.
  expect(read).toBeGreaterThan(ROUNDS / 100)
  expect(read).toBeLessThan(ROUNDS)
  expect(slowest).toBeLessThan(2000)
})

/** One of the files with one to eight places changed, taken out, put in or taken from another file. */
function damaged(files: readonly Uint8Array[], below: (limit: number) => number): Uint8Array {
  let bytes = Buffer.from(files[below(files.length)]!)
  const other = files[below(files.length)]!
  const times = 1 + below(8)
  for (let i = 0; i < times && bytes.length > 1; i++) {
    // Half of the places lie where pickles say most.
    const at = below(below(2) === 0 ? bytes.length : Math.min(bytes.length, 400))
    const kind = below(6)
    if (kind === 0) bytes[at]! ^= 1 << below(8)
    else if (kind === 1) bytes[at] = SPECIAL[below(SPECIAL.length)]!
    else if (kind === 2) bytes.fill(0xff, at, Math.min(at + 1 + below(8), bytes.length))
    else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(20))])
    else if (kind === 4)
      bytes = Buffer.concat([bytes.subarray(0, at), Buffer.of(SPECIAL[below(SPECIAL.length)]!), bytes.subarray(at)])
    else bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(below(other.length)), bytes.subarray(at)])
  }
  return bytes
}
