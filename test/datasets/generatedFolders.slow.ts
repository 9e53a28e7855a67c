import { expect, test } from '@jest/globals'
import { problemsOf } from './generatedFolders.js'

test('50,000 generated folders are what they mean, or it is said', async () => {
  const problems = await problemsOf(10_000, 50_000)
  expect(problems.slice(0, 5)).toEqual([])
}, 3_600_000)
