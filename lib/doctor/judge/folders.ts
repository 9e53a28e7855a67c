import { shellWord } from '../../base/shell.js'
import { formatBytes } from '../../fetch/progress.js'
import type { Facts } from '../facts.js'
import { type Finding, ok, problem, warning } from '../finding.js'
import { otherCache } from './install.js'

/** The cache must be writable where something is missing from it; a filled one may be read-only. */
export function judgeCache(facts: Facts): Finding {
  const { cache, writeAccess, libtorch } = facts
  const room = cache.freeBytes === undefined ? '' : `, ${formatBytes(cache.freeBytes)} free`
  const text = `${cache.folder}${cache.named ? ' (SEMPLES_CACHE)' : ''}: ${cache.bytes === 0 ? 'empty' : formatBytes(cache.bytes)}${room}`
  const details = cache.libtorch.map(({ name, bytes }) => `LibTorch ${name}, ${formatBytes(bytes)}`)
  const access = writeAccess.find(({ place }) => place === 'cache')
  if (access === undefined || access.writable) return ok('cache', text, details)
  const elsewhere = otherCache(facts)
  const fault = {
    text: `${text}; it cannot be written (${access.reason})`,
    details,
    remedy: 'Name a folder that can be, in every shell that runs semples:',
    commands: [`export SEMPLES_CACHE=${elsewhere === undefined ? 'FOLDER' : shellWord(elsewhere)}`],
  }
  return libtorch.found === undefined ? problem('cache', fault) : warning('cache', fault)
}

export function judgeSharp({ sharp }: Facts): Finding {
  if (sharp.problem === undefined) return ok('sharp', `${sharp.sharp}, libvips ${sharp.vips}`)
  return problem('sharp', {
    text: `it cannot be loaded, and pictures cannot be read without it: ${sharp.problem.replace(/[:.]$/, '')}`,
    remedy: 'Its compiled parts are optional dependencies, which were left out or are for another system:',
    commands: ['npm install --include=optional sharp'],
  })
}

/** One finding where all is well, else one for each folder that cannot be written; the cache has a line of its own. */
export function judgeWriteAccess({ writeAccess }: Facts): Finding[] {
  const others = writeAccess.filter(({ place }) => place !== 'cache')
  const closed = others.filter(({ writable }) => !writable)
  if (closed.length === 0) return [ok('write access', others.map(({ place }) => place).join(', '))]
  return closed.map(({ place, folder, reason }) =>
    warning('write access', {
      text: `the ${place} ${folder} cannot be written (${reason})`,
      ...(place === 'current folder'
        ? { remedy: 'Go to a folder of your own, or name one for each output (--out DIR).' }
        : { remedy: 'Name another folder for temporary files:', commands: ['export TMPDIR="$PWD"'] }),
    }),
  )
}
