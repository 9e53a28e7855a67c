import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** What a program in a package that depends on semples prints (a package may import itself by name). */
function run(kind: 'module' | 'commonjs', program: string): unknown {
  const output = execFileSync(process.execPath, [`--input-type=${kind}`, '--no-warnings', '-e', program], {
    cwd: root,
    encoding: 'utf8',
  })
  return JSON.parse(output)
}

const PUBLIC = ['SemplesError', 'VOID_ID', 'evaluate', 'generateMasks', 'readMask', 'tokenize', 'trainSemPLeS']

describe('the built package', () => {
  test('is imported by name', () => {
    const names = run('module', "import * as s from 'semples'; console.log(JSON.stringify(Object.keys(s)))")
    expect(names).toEqual(expect.arrayContaining(PUBLIC))
  })

  test('is required by name', () => {
    const names = run('commonjs', "console.log(JSON.stringify(Object.keys(require('semples'))))")
    expect(names).toEqual(expect.arrayContaining(PUBLIC))
  })

  test('opens no native library when imported', () => {
    const program = `
      import 'semples'
      const { sharedObjects } = process.report.getReport()
      console.log(JSON.stringify(sharedObjects.filter((file) => /torch|vips|sharp|\\.node$/.test(file))))`
    expect(run('module', program)).toEqual([])
  })

  test('a lazily loaded function rejects with the typed error of what it calls', () => {
    const program = `
      import { trainSemPLeS, SemplesError } from 'semples'
      await trainSemPLeS({ stagse: [] }).catch((e) => console.log(JSON.stringify([e instanceof SemplesError, e.code])))`
    expect(run('module', program)).toEqual([true, 'SEMPLES_CONFIG_UNKNOWN'])
  })
})
