import { describe, expect, test } from '@jest/globals'
import { cleanText } from '../../lib/text/clean.js'
import { labelText } from '../../lib/text/templates.js'
import { decode, encode, tokenize } from '../../lib/text/tokenizer.js'
import { END_OF_TEXT, START_OF_TEXT, VOCABULARY_SIZE, vocabulary } from '../../lib/text/vocabulary.js'

// Computed in Python 3.11 with ftfy 6.3.1 and regex: html.unescape(html.unescape(ftfy.fix_text(s))).strip(),
// white space to one blank, lower(), then a plain byte-pair merge over the same merge list.
const PYTHON: [string, number[]][] = [
  ['caf\u00c3\u00a9 sch\u00c3\u00b6n', [15304, 844, 7255, 333]],
  [
    '\u00d0\u00bf\u00d1\u20ac\u00d0\u00b8\u00d0\u00b2\u00d0\u00b5\u00d1\u201a',
    [26302, 16370, 29503, 110, 22176, 141, 480],
  ],
  [
    '\u00c3\u00a2\u00e2\u201a\u00ac\u00c5\u201cdeep\u00c3\u00a2\u00e2\u201a\u00ac\u00c2',
    [257, 5462, 127, 351, 6309, 127, 351],
  ],
  ['&eacute;t&amp;eacute; &notit; &hearts;', [3459, 39694, 126, 361, 585, 282, 3405]],
  ['\uff26\uff35\uff2c\uff2c \uff11\uff12\uff13', [1476, 272, 273, 274]],
  ['\ufb02 \ufb00 \u00bc', [2685, 1304, 126, 376]],
  ['l\u2019humanit\u00e9\u2026', [331, 262, 3175, 529, 4166, 959]],
  ['\u0130stanbul \u039f\u0394\u039f\u03a3', [328, 16384, 11231, 138, 123, 138, 112, 138, 123, 139, 480]],
  ['<a href=x>&lt;</a>', [283, 320, 71, 9591, 284, 343, 29, 24588, 270, 320, 285]],
  ['\ufeffbom a\u0085b \u001b[31mred\u001b[0m', [19469, 320, 959, 321, 736]],
  [
    '\u00c5\u030a e\u0301 \ud55c\uad6d\uc5b4 \uff76\uff9e',
    [127, 354, 136, 488, 4166, 15197, 250, 31871, 255, 31625, 368, 3909, 361],
  ],
  ['<|STARTOFTEXT|> it\u2019s', [49406, 585, 568]],
  ['\u65e5\u672c\u8a9e\u306e\u5199\u771f \ud83d\ude42', [39121, 44353, 34002, 252, 21575, 44653, 33440, 509, 14860]],
  ['foo_bar--baz!!! 12.5%', [23435, 318, 2411, 2432, 25268, 995, 272, 273, 269, 276, 260]],
]

describe('encode', () => {
  test.each(PYTHON)('agrees with Python on %j', (text, ids) => {
    expect(encode(text)).toEqual(ids)
  })

  test('every id has one token and every byte can be written', () => {
    const { tokens, ids } = vocabulary()
    expect(tokens).toHaveLength(VOCABULARY_SIZE)
    expect(ids.size).toBe(VOCABULARY_SIZE)
    expect(decode(encode('\u0001\u{10ffff}é'))).toContain('\u{10ffff}')
  })

  test('decoding gives the cleaned words back', () => {
    const text = 'Two Dogs, 3 cats & a naïve Ünïcörn 🦄'
    expect(decode(encode(text)).replace(/\s/g, '')).toBe(cleanText(text).replace(/\s/g, ''))
  })

  test('a very long word ends', () => {
    expect(encode('ab'.repeat(5000)).length).toBeGreaterThan(100)
  })
})

describe('tokenize', () => {
  test('start, text, end, zeros', () => {
    const { dtype, shape, data } = tokenize(['a cat', ''], { contextLength: 6 })
    expect([dtype, shape]).toEqual(['int64', [2, 6]])
    expect([...data].map(Number)).toEqual([
      START_OF_TEXT,
      320,
      2368,
      END_OF_TEXT,
      0,
      0,
      START_OF_TEXT,
      END_OF_TEXT,
      0,
      0,
      0,
      0,
    ])
  })

  test('no texts', () => {
    expect(tokenize([])).toEqual({ dtype: 'int64', shape: [0, 77], data: new BigInt64Array(0) })
  })

  test('a text that just fits, and one token more', () => {
    const fits = 'dog '.repeat(75)
    expect(tokenize([fits]).data[76]).toBe(BigInt(END_OF_TEXT))
    expect(() => tokenize([`${fits} dog`])).toThrow(
      expect.objectContaining({ code: 'SEMPLES_TEXT_TOO_LONG', message: expect.stringMatching(/78 tokens.*takes 77/) }),
    )
    const cut = tokenize([`${fits} dog`], { truncate: true }).data
    expect([...cut].map(Number)).toEqual([...tokenize([fits]).data].map(Number))
  })
})

describe('decode', () => {
  test.each([-1, 1.5, VOCABULARY_SIZE, Number.NaN])('refuses the id %d', (id) => {
    expect(() => decode([id])).toThrow(expect.objectContaining({ code: 'SEMPLES_ARGUMENT_INVALID' }))
  })
})

describe('templates', () => {
  test('label texts', () => {
    expect(labelText('dining table')).toBe('a photo of dining table.')
  })
})
