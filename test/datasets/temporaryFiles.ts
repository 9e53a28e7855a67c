import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll } from '@jest/globals'
import sharp from 'sharp'

const made: string[] = []

afterAll(async () => {
  for (const folder of made) await rm(folder, { recursive: true, force: true })
})

/** Makes a folder with files, removed after the tests: text or bytes by path, or a one-colour picture for a number. */
export async function temporaryFiles(files: Record<string, string | Uint8Array | number>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'semples-data-'))
  made.push(folder)
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, typeof content === 'number' ? await picture(content) : content)
  }
  return folder
}

/** A JPEG of 12x8 pixels in one grey. */
export async function picture(grey: number): Promise<Buffer> {
  return sharp({ create: { width: 12, height: 8, channels: 3, background: { r: grey, g: grey, b: grey } } })
    .jpeg()
    .toBuffer()
}
