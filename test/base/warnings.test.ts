import { expect, test } from '@jest/globals'
import { Warnings } from '../../lib/base/warnings.js'

const said = { a: [dark, grey], b: [dark], c: [wide, dark] } satisfies Record<string, (() => Told)[]>
type Told = { text: string; seen: string }

function dark(): Told {
  return { text: 'It is dark.', seen: '3' }
}
function grey(): Told {
  return { text: 'It is grey.', seen: 'one channel' }
}
function wide(): Told {
  return { text: 'It is wide.', seen: '4000 pixels' }
}

const orders = [
  ['a', 'b', 'c'],
  ['c', 'b', 'a'],
  ['b', 'c', 'a'],
] as (keyof typeof said)[][]

test.each(orders)('the list is the same when the pictures finish in the order %s, %s, %s', (...order) => {
  const warnings = new Warnings()
  const fresh = order.flatMap((name) =>
    warnings.add(
      name,
      said[name].map((told) => told()),
    ),
  )
  expect(warnings.list()).toEqual([
    'It is dark. (3 pictures; a: 3)',
    'It is grey. (a: one channel)',
    'It is wide. (c: 4000 pixels)',
  ])
  expect(fresh).toHaveLength(3)
  expect(fresh).toContain(`It is dark. (${order[0]}: 3)`)
})
