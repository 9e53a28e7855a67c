import { execFileSync } from 'node:child_process'
import { expect, test } from '@jest/globals'
import { shellWord } from '../../lib/cli/output.js'
import { mayColor } from '../../lib/cli/terminal.js'

const paths = ['runs/a', 'my runs/a', "it's", '$HOME', 'a;b', '*', '"x"', 'ümlaut', '~/x', '`ls`', 'a\\b', '']

test.each(process.platform === 'win32' ? [] : paths)('a shell reads what is printed for %j as that path', (path) => {
  expect(execFileSync('sh', ['-c', `printf %s ${shellWord(path)}`], { encoding: 'utf8' })).toBe(path)
})

test('plain paths stay as they are', () => {
  expect(shellWord('runs/boats-2')).toBe('runs/boats-2')
  expect(shellWord('C:\\runs\\a b', 'win32')).toBe('"C:\\runs\\a b"')
})

test.each<[string, boolean, Record<string, string>, boolean]>([
  ['a terminal', true, {}, true],
  ['a pipe', false, {}, false],
  ['TERM=dumb', true, { TERM: 'dumb' }, false],
  ['NO_COLOR', true, { NO_COLOR: '1' }, false],
  ['an empty NO_COLOR', true, { NO_COLOR: '' }, true],
  ['FORCE_COLOR in a pipe', false, { FORCE_COLOR: '1' }, true],
  ['FORCE_COLOR=0', true, { FORCE_COLOR: '0' }, false],
  ['both', true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
])('colours with %s', (_, isTTY, environment, expected) => {
  expect(mayColor({ isTTY }, environment)).toBe(expected)
})
