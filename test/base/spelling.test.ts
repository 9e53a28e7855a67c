import { expect, test } from '@jest/globals'
import { nearestField } from '../../lib/base/spelling.js'

const known = ['data.folder', 'data.labels', 'classify.epochs', 'match.epochs', 'match.gradientClip', 'out', 'batch']

test.each([
  ['mach.epochs', 'match.epochs'],
  ['clasify.epochs', 'classify.epochs'],
  ['match.epoch', 'match.epochs'],
  ['dat', 'data'],
  ['gradientClip', 'match.gradientClip'],
  ['mach', 'match'],
  ['Batch', 'batch'],
  ['zebra', undefined],
])('%s means %s', (wrong, field) => expect(nearestField(wrong, known)).toBe(field))
