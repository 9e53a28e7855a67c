import { expect, test } from '@jest/globals'
import { lossTerms } from '../../lib/native/lossTerms.js'
import { children } from './child.js'
import { describeNative } from './models.js'

describeNative('the list of loss terms', () => {
  const node = children()

  test('says of each its name, what it needs, its formula and its source', () => {
    const terms = lossTerms()
    expect(new Set(terms.map(({ name }) => name)).size).toBe(terms.length)
    for (const term of terms) {
      expect(term).toEqual({
        name: expect.stringMatching(/^[a-z]+(_[a-z]+)*$/),
        needs: expect.anything(),
        formula: expect.stringMatching(/\S/),
        source: expect.stringMatching(/arXiv \d{4}\.\d{5}|^ours: \S/),
      })
      const known = ['mask', 'foreground', 'background', 'text', 'prompt', 'logits', 'featureMaps']
      expect(known).toEqual(expect.arrayContaining(term.needs))
      expect(term.needs.length).toBeGreaterThan(0)
    }
    const needs = Object.fromEntries(terms.map((term) => [term.name, [...term.needs]]))
    // Of the equations 1, 3 and 5 of SemPLeS.
    expect(needs).toMatchObject({
      match: ['foreground', 'text'],
      background_text: ['background', 'text'],
      background_prompt: ['background', 'prompt'],
      text_prompt: ['text', 'prompt'],
      foreground_prompt: ['foreground', 'prompt'],
      prompt_floor: ['background', 'prompt'],
      class_logits: ['logits'],
    })
  })

  test('is read once', () => expect(lossTerms()).toBe(lossTerms()))

  test('needs no LibTorch', async () => {
    const ending = await node(
      `process.env.SEMPLES_LIBTORCH = '/nowhere'
       const { lossTerms } = await load('native/lossTerms.js')
       const names = lossTerms().map(({ name }) => name)
       const { existsSync, readFileSync } = await import('node:fs')
       const maps = existsSync('/proc/self/maps') ? readFileSync('/proc/self/maps', 'utf8') : ''
       say([names, /libtorch|libc10/.test(maps)])`,
    )
    expect(ending).toMatchObject({ status: 0, errors: '' })
    expect(ending.output).toEqual([lossTerms().map(({ name }) => name), false])
  })
})
