import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { kernelCheck } from '../../scripts/release/kernels.mjs'
import { platforms } from '../../scripts/release/platforms.mjs'

const folder = join(import.meta.dirname, '../../.github/workflows')
const workflows = readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))
const all = (text: string, pattern: RegExp) => Array.from(text.matchAll(pattern), ([, found]) => found!)

describe.each(workflows)('$name', ({ text }) => {
  test('names actions and images by digest, with the version in a comment', () => {
    const actions = all(text, /\buses: (.+)/g)
    expect(actions.length).toBeGreaterThan(0)
    expect(actions.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([])
    const images = all(text, /\bimage: (.+)/g)
    expect(images.filter((image) => !/@sha256:[0-9a-f]{64}$/.test(image))).toEqual([])
  })

  test('grants nothing but what a job asks for', () => {
    expect(text).toMatch(/^permissions: \{\}$/m)
    const jobs = text.slice(text.indexOf('\njobs:')).split(/^ {2}(?=[\w-]+:$)/m)
    expect(jobs.length).toBeGreaterThan(1)
    for (const job of jobs.slice(1)) expect(job).toMatch(/^ {4}permissions:/m)
    const granted = all(text, /^ {6}((?:[a-z-]+): (?:read|write))$/gm)
    expect(new Set(granted)).toEqual(
      new Set(text.includes('npm publish') ? ['contents: read', 'id-token: write'] : ['contents: read']),
    )
  })

  test('keeps no token, and puts nothing that others may write into a script', () => {
    expect(all(text, /(secrets\.\w+)/g)).toEqual([])
    expect(all(text, /run:.*\$\{\{(.*)\}\}/g)).toEqual([])
  })
})

test('a release is built for every platform that it has to hold', () => {
  const { text } = workflows.find(({ name }) => name === 'release.yml')!
  expect(all(text, /^ +- platform: (.+)$/gm).sort()).toEqual(platforms.map(({ name }) => name).sort())
})

test('all that release:check wants is made by a job that the package waits for', () => {
  const { text } = workflows.find(({ name }) => name === 'release.yml')!
  const jobs = new Map(
    text
      .slice(text.indexOf('\njobs:'))
      .split(/^ {2}(?=[\w-]+:$)/m)
      .slice(1)
      .map((job) => [/^[\w-]+/.exec(job)![0], job]),
  )
  const makers = [...jobs].filter(([, job]) => /^ +name: prebuilt-/m.test(job))
  const [needed] = all(jobs.get('package')!, /needs: \[(.*)\]/g)
  expect(needed!.split(', ').sort()).toEqual(makers.map(([name]) => name).sort())
  // A release allows nothing to be missing, so that the check asks for the kernels of GPUs too.
  expect(jobs.get('package')).toMatch(/run: npm run release:check$/m)
  expect(kernelCheck(mkdtempSync(join(tmpdir(), 'semples-release-')))).toMatchObject({ problem: 'missing' })
  const made = makers.flatMap(([, job]) => all(job, /(npm run prebuild -- .+)/g).map((line) => line.trim()))
  expect(made.filter((line) => line.includes('--cuda'))).toEqual(['npm run prebuild -- --cuda --here'])
  expect(made.filter((line) => line.includes('--torch'))).toHaveLength(2)
  // cuda13 is where the check looks: the folder has the major version of nvcc.
  expect(text).toMatch(/\bcuda-nvcc-13-\d+\b/)
})
