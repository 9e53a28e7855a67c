import { expect, test } from '@jest/globals'
import { editDistance, nearestField, nearestName } from '../../lib/base/spelling.js'

test.each<[string, string, number]>([
  ['boat', 'boat', 0],
  ['baot', 'boat', 1],
  ['boat', 'book', 2],
  ['', 'boat', 4],
  ['cat', 'cart', 1],
  ['kitten', 'sitting', 3],
  ['labels', 'lables', 1],
])('3.7: from %s to %s it is %i edits, a swap one of them', (one, other, edits) =>
  expect([editDistance(one, other), editDistance(other, one)]).toEqual([edits, edits]),
)

test.each<[string, string | undefined]>([
  ['baot', 'boat'],
  ['BOAT', 'boat'],
  ['pottedplants', 'pottedplant'],
  ['zebra', undefined],
])('3.7: %s is meant for %s', (wrong, name) =>
  expect(nearestName(wrong, ['book', 'boat', 'pottedplant', 'face'])).toBe(name),
)

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
