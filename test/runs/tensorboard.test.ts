import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BinaryReader } from '@bufbuild/protobuf/wire'
import { beforeAll, expect, test } from '@jest/globals'
import type { FolderData } from '../../lib/datasets/kinds/folder.js'
import { trainSemPLeS } from '../../lib/runs/trainSemPLeS.js'
import { writeShapes } from './shapes.js'
import { filesOf, metricsOf, outcomeOf, stopAt, temporaryFolder, tinyRun } from './tiny.js'

let root: string
let data: FolderData
beforeAll(async () => {
  root = await temporaryFolder()
  data = await writeShapes(root)
})

const run = (name: string) => tinyRun(data, join(root, name), { stages: ['classify'] })

interface Event {
  step: number
  starts: boolean
  scalars: Record<string, number>
}

/** The events of a file, by hand; test/checkpoints/eventFile.test.ts compares the format with TensorBoard's. */
async function read(file: string): Promise<Event[]> {
  const bytes = await readFile(file)
  const events: Event[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at))
    events.push(decode(bytes.subarray(at + 12, at + 12 + length)))
    at += 12 + length + 4
  }
  return events
}

function decode(bytes: Uint8Array): Event {
  const event: Event = { step: 0, starts: false, scalars: {} }
  each(bytes, (field, reader) => {
    if (field === 2) event.step = Number(reader.int64())
    else if (field === 7) event.starts = reader.bytes().length > 0
    else if (field === 5)
      each(reader.bytes(), (_, summary) => {
        let tag = ''
        each(summary.bytes(), (part, value) => {
          if (part === 1) tag = value.string()
          else event.scalars[tag] = value.float()
        })
      })
    else return false
    return true
  })
  return event
}

function each(bytes: Uint8Array, take: (field: number, reader: BinaryReader) => unknown): void {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag()
    if (take(field, reader) === false) reader.skip(wire)
  }
}

test('loss, terms, rate and speed of every step, in a run that is otherwise the same', async () => {
  await trainSemPLeS(run('plain'))
  expect(await filesOf(join(root, 'plain', 'tensorboard'))).toEqual([])
  await trainSemPLeS({ ...run('watched'), tensorboard: true })
  expect(await outcomeOf(join(root, 'watched'))).toEqual(await outcomeOf(join(root, 'plain')))

  const [file, ...others] = await filesOf(join(root, 'watched', 'tensorboard'))
  expect(others).toEqual([])
  const [, start, ...steps] = await read(join(root, 'watched', 'tensorboard', file!))
  expect(start).toMatchObject({ step: 1, starts: true })
  const metrics = await metricsOf(join(root, 'watched'))
  expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4])
  for (const [index, { scalars }] of steps.entries()) {
    const { loss, learningRate, terms } = metrics[index] as Record<string, number> & { terms: Record<string, number> }
    const values = { loss, learning_rate: learningRate, 'terms/class_logits': terms.class_logits }
    for (const [name, value] of Object.entries(values)) expect(scalars[`classify/${name}`]).toBe(Math.fround(value!))
    expect(scalars['classify/pictures_per_second']).toBeGreaterThan(0)
  }
})

test('a run that goes on begins a new file, whose steps take the place of what was made after the last checkpoint', async () => {
  const out = join(root, 'stopped')
  await expect(trainSemPLeS({ ...run('stopped'), tensorboard: true, ...stopAt('classify', 1, 2) })).rejects.toThrow()
  await trainSemPLeS({ resume: out })
  const files = await filesOf(join(out, 'tensorboard'))
  const [first, second] = await Promise.all(files.map((file) => read(join(out, 'tensorboard', file))))
  expect(first!.map(({ step }) => step)).toEqual([0, 1, 1, 2])
  expect(second!.map(({ step, starts }) => [step, starts])).toEqual([
    [0, false],
    [3, true],
    [3, false],
    [4, false],
  ])
})

test('tensorboard: false ends the record', async () => {
  const out = join(root, 'ended')
  await expect(trainSemPLeS({ ...run('ended'), tensorboard: true, ...stopAt('classify', 1, 1) })).rejects.toThrow()
  await trainSemPLeS({ resume: out, tensorboard: false })
  expect(await filesOf(join(out, 'tensorboard'))).toHaveLength(1)
})
