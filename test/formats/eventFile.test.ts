import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { EventFile, encodeEvent, record, type ScalarEvent } from '../../lib/formats/eventFile.js'

/*
What TensorBoard's own writer makes of the same events (tensorboard 2.21.0):

from io import BytesIO
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter
out = BytesIO(); writer = RecordWriter(out); v = Summary.Value
for event in [Event(wall_time=1.5, file_version='brain.Event:2'),
              Event(wall_time=2.25, step=3, session_log=SessionLog(status=SessionLog.START)),
              Event(wall_time=1.7e9, step=2**40, summary=Summary(value=[
                  v(tag='match/loss', simple_value=0.1), v(tag='match/terms/ü', simple_value=-2e-9), v(tag='zero', simple_value=0)]))]:
    writer.write(event.SerializeToString())
print(out.getvalue().hex())
*/
const expected =
  '1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c0f000000000000006d532b09090000' +
  '00000000024010033a0208015b4da943490000000000000036250ea30900000040fc54d941108080808080202a370a110a0a6d61746368' +
  '2f6c6f737315cdcccc3d0a150a0e6d617463682f7465726d732fc3bc155f7009b10a0b0a047a65726f15000000006e79c8a1'
const events: ScalarEvent[] = [
  { wallTime: 1.5, step: 0, fileVersion: 'brain.Event:2' },
  { wallTime: 2.25, step: 3, starts: true },
  { wallTime: 1.7e9, step: 2 ** 40, scalars: { 'match/loss': 0.1, 'match/terms/ü': -2e-9, zero: 0 } },
]

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semples-events-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test("records are byte for byte those of TensorBoard's own writer", () => {
  const bytes = Buffer.concat(events.map((event) => record(encodeEvent(event))))
  expect(bytes.toString('hex')).toBe(expected)
})

test('a file begins with version and start; the next one sorts after it, even in the same second', async () => {
  const files: string[] = []
  for (const step of [1, 5, 9]) {
    const file = await EventFile.create(join(folder, 'tensorboard'), step)
    await file.append(events[2]!)
    await file.close()
    files.push(file.path)
  }
  expect((await readdir(join(folder, 'tensorboard'))).sort().map((name) => join(folder, 'tensorboard', name))).toEqual(
    files,
  )
  expect(files[0]).toMatch(/events\.out\.tfevents\.\d+\.semples\.0000$/)
  const bytes = await readFile(files[1]!)
  const tail = record(encodeEvent(events[2]!))
  expect(bytes.subarray(-tail.length).equals(tail)).toBe(true)
  expect(bytes.includes('brain.Event:2')).toBe(true)
})

test('a folder that cannot be made is an error that names it', async () => {
  await writeFile(join(folder, 'file'), '')
  await expect(EventFile.create(join(folder, 'file'), 1)).rejects.toMatchObject({ code: 'SEMPLES_WRITE_FAILED' })
})
