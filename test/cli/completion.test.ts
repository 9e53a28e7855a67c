import { expect, test } from '@jest/globals'
import { Command, Option } from 'commander'
import { suggest } from '../../lib/cli/completion.js'

const program = new Command('semples')
program
  .command('train')
  .summary('train on pictures')
  .option('-d, --data <dir>', 'pictures: a folder')
  .option('--seed <number>', 'of everything random')
  .option('--quiet', 'no progress')
  .addOption(new Option('--split <name>', 'which pictures').choices(['train', 'val']))
const libtorch = program.command('libtorch').summary('LibTorch')
libtorch.command('install').summary('fetch it').option('--cpu', 'small')
program.command('report').summary('show a run').argument('<run>', 'a folder').option('--out <file>', 'the page')
program.command('hidden', { hidden: true })

const names = (line: string, partial = '') => {
  const offered = suggest(program, line.split(' ').filter(Boolean), partial)
  return offered === 'files' ? offered : offered.map(({ name }) => name)
}

test('commands, and commands within them', () => {
  expect(names('')).toEqual(['train', 'libtorch', 'report', 'help'])
  expect(names('', 'tr')).toEqual(['train', 'libtorch', 'report', 'help'])
  expect(names('libtorch')).toEqual(['install', 'help'])
})

test('options of the command, with the beginning of what they mean', () => {
  expect(names('train')).toEqual(['--data', '--seed', '--quiet', '--split', '--help'])
  expect(names('libtorch install', '--')).toEqual(['--cpu', '--help'])
  expect(names('', '-')).toEqual(['--help'])
  expect(suggest(program, ['train'], '--')).toContainEqual({ name: '--data', description: 'pictures' })
})

test('what an option takes: paths, choices, or nothing that is known', () => {
  expect(names('train --data')).toBe('files')
  expect(names('train -d', 'pho')).toBe('files')
  expect(names('train --split')).toEqual(['train', 'val'])
  expect(names('train --seed')).toEqual([])
  expect(names('report')).toBe('files')
  expect(names('report', '-')).toEqual(['--out', '--help'])
})

test('values are no commands, and flags take none', () => {
  expect(names('train --data libtorch')).toContain('--split')
  expect(names('train --quiet')).toContain('--split')
})
