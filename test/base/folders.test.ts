import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { makeFolders } from '../../lib/base/folders.js'
import { needs } from '../support/needs.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semples-folders-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('makes what is missing and accepts what is there', async () => {
  await makeFolders(join(folder, 'a', 'b', 'c'))
  await makeFolders(join(folder, 'a', 'b', 'c'))
  expect((await stat(join(folder, 'a', 'b', 'c'))).isDirectory()).toBe(true)
})

test('a file in the way is an error', async () => {
  await writeFile(join(folder, 'file'), '')
  await expect(makeFolders(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(makeFolders(join(folder, 'file', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' })
})

needs('linux').test('ends on file systems that refuse every folder', async () => {
  await expect(makeFolders('/proc/semples/run')).rejects.toMatchObject({ code: 'ENOENT' })
})
