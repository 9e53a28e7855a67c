import { expect, test } from '@jest/globals'
import { problemsOf } from './generatedFolders.js'

test('1,200 generated folders are what they mean, or it is said', async () => {
  const problems = await problemsOf(0, 1200)
  expect(problems.slice(0, 5)).toEqual([])
}, 240_000)
