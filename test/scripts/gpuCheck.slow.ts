import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { readSafetensors, writeSafetensors } from '../../lib/formats/safetensors.js'
import { goldenFolder } from '../support/golden.js'
import { needs } from '../support/needs.js'
import { python } from '../support/python.js'

const root = join(import.meta.dirname, '../..')
const scripts = join(root, 'scripts/gpu-check')
/** Kept between runs: the build takes a quarter of an hour on two cores, and nothing where nothing has changed. */
const out = join(root, 'build/gpu-check')
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'semples-gpu-check-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Outcome {
  checks: { section: string; name: string; ok: boolean; note: string }[]
}

function check(golden: string): { status: number | null; outcome: Outcome } {
  const file = join(folder, 'outcome.json')
  const parameters = ['--out', out, '--device', 'cpu', '--golden', golden, '--json', file]
  const done = spawnSync(python, [join(scripts, 'check'), ...parameters], { encoding: 'utf8' })
  if (done.status === 2) throw new Error(done.stderr)
  return { status: done.status, outcome: JSON.parse(readFileSync(file, 'utf8')) }
}

needs('python').describe('scripts/gpu-check on the processor', () => {
  test('builds', () => {
    const done = spawnSync(python, [join(scripts, 'build'), '--cpu', '--out', out], { encoding: 'utf8' })
    expect(done.stderr + done.stdout).toContain('Next: scripts/gpu-check/check --device cpu')
    expect(done.status).toBe(0)
  }, 3_600_000)

  test('every check passes, and each section has some', () => {
    const { status, outcome } = check(goldenFolder)
    expect(outcome.checks.filter(({ ok }) => !ok)).toEqual([])
    expect(status).toBe(0)
    expect([...new Set(outcome.checks.map(({ section }) => section))]).toEqual(
      expect.arrayContaining(['generator', 'training', 'CLIP', 'prompts', 'losses', 'dense CRF', 'PAMR', 'peer']),
    )
  })

  test('models keep to the GPU: no operation on tensors of two devices, TF32 as it was told', () => {
    const program = join(import.meta.dirname, 'fakeGpu.py')
    const done = spawnSync(python, ['-B', '-W', 'ignore', program, scripts, join(out, 'library/semples_check.so')], {
      encoding: 'utf8',
    })
    expect(done.stderr).toBe('')
    const {
      'TF32 after float32': plain,
      'TF32 after tf32': tf32,
      'TF32 after bfloat16': low,
      ...cases
    } = JSON.parse(done.stdout)
    expect({ plain, tf32, low }).toEqual({ plain: false, tf32: true, low: false })
    // Steps break off where a thread for the GPU would compute gradients: what comes before has passed.
    const steps = Object.keys(cases).filter((name) => name.startsWith('stage '))
    expect(steps).toEqual(['stage a', 'stage b', 'stage c'])
    for (const [name, came] of Object.entries(cases))
      expect([name, came]).toEqual([name, steps.includes(name) ? 'gradients' : 'cuda:0'])
  })

  test('one wrong number of a reference file fails its check alone', async () => {
    const golden = join(folder, 'golden')
    cpSync(join(root, 'test/golden/data'), golden, { recursive: true })
    const file = join(golden, 'stage_a_voc.safetensors')
    const { tensors, metadata } = await readSafetensors(file)
    ;(tensors['step3.loss'].data as Float32Array)[0] *= 1.001
    rmSync(file)

    await writeSafetensors(file, tensors, metadata)
    const { status, outcome } = check(golden)
    expect(status).toBe(1)
    const failed = outcome.checks.filter(({ ok }) => !ok)
    expect(failed.map(({ name }) => name)).toEqual(['stage a of voc: three optimiser steps'])
    expect(failed[0].note).toBe('step3 loss')
  })
})
