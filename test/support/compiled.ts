import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transformFileSync } from '@swc/core'

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

/**
 * Strips the types of folders of lib/ into a temporary folder that child processes can import from
 * (`<result>/checkpoints/jsonl.js`). It lies under node_modules, so that packages are found; the caller removes it.
 */
export function compileFolders(folders: readonly string[]): string {
  const cache = join(repository, 'node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  const target = mkdtempSync(join(cache, 'semples-test-'))
  writeFileSync(join(target, 'package.json'), '{ "type": "module" }')
  // The public API lies beside the folders and loads them when they are used.
  for (const folder of new Set(['.', 'api', ...folders])) {
    for (const file of readdirSync(join(repository, 'lib', folder), { recursive: folder !== '.', encoding: 'utf8' })) {
      if (!/\.tsx?$/.test(file)) continue
      const { code } = transformFileSync(join(repository, 'lib', folder, file), {
        swcrc: false,
        jsc: {
          parser: { syntax: 'typescript', tsx: file.endsWith('x') },
          transform: { react: { runtime: 'automatic', importSource: 'preact' } },
          target: 'es2022',
        },
        module: { type: 'es6' },
      })
      const path = join(target, folder, file.replace(/\.tsx?$/, '.js'))
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, code)
    }
  }
  return target
}
