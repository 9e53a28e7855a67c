import path from 'node:path'
import { expect, test } from '@jest/globals'
import { PickledObject, type PickleValue } from '../../lib/formats/pickle/values.js'
import { attributesOf, torchArchiveValue } from '../../lib/formats/weightShapes.js'
import { temporaryFiles } from '../datasets/temporaryFiles.js'
import { archive, dictionary, numbers, tensor } from './torchWriter.js'

async function value(content: Uint8Array): Promise<PickleValue | undefined> {
  return torchArchiveValue(path.join(await temporaryFiles({ 'weights.pth': content }), 'weights.pth'))
}

test('an archive that unpacks to far more than weights is not unpacked', async () => {
  const files = { 'data/0': numbers, 'data/1': new Uint8Array(2 ** 24) }
  await expect(value(archive(dictionary({ w: tensor() }), files, 9))).rejects.toMatchObject({
    code: 'SEMPLES_FILE_TOO_LARGE',
  })
  expect(await value(archive(dictionary({ w: tensor() })))).toBeInstanceOf(Map)
})

test('modules that lie in each other without end give no paths without end', () => {
  let module: PickleValue = null
  for (let level = 0; level < 5000; level++) {
    const next = new PickledObject('__torch__.Net')
    next.state = new Map<PickleValue, PickleValue>([
      ['weight', level],
      ['inner', module],
    ])
    module = next
  }
  const paths = [...attributesOf(module)].map(([name]) => name)
  expect(paths.slice(0, 4)).toEqual(['weight', 'inner', 'inner.weight', 'inner.inner'])
  expect(Math.max(...paths.map((name) => name.length))).toBeLessThan(1100)
})
