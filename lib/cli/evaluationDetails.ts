import type { Command } from 'commander'
import { refuseUseless } from '../base/useless.js'
import type { DetailOptions } from '../evaluate/detailOptions.js'
import { fraction, integer, positive } from './options.js'

/** Options of `semples eval` for what is to be known of masks beyond their scores. */
export function addDetailOptions(command: Command): Command {
  return command
    .option(
      '--boundary [share]',
      'boundary IoU too: of the pixels within this share of the diagonal from a contour (default: 0.02)',
      fraction,
    )
    .option(
      '--confusions [number]',
      'pairs of classes that are taken for one another, most pixels first (default: 10), and classes found on pictures without them',
      positive,
    )
    .option(
      '--min-area <share>',
      'with --confusions: share of a picture from which on a class counts as found (default: 0.001)',
      fraction,
    )
    .option(
      '--bootstrap [draws]',
      '95 % intervals of all IoU, by drawing the pictures again with replacement (default: 1000 draws)',
      positive,
    )
    .option('--seed <number>', 'of --bootstrap and --against: seed of the draws (default: 0)', integer)
    .option(
      '--against <dir>',
      'other masks of the same pictures: differences with 95 % intervals, and on how many pictures --masks are better',
    )
}

/**
 * Those that were given.
 *
 * @param judgesMaps whether maps are judged at every threshold, and not masks
 * @throws SemplesError `SEMPLES_OPTION_INVALID` for one that does nothing
 */
export function detailsOf(options: DetailOptions, judgesMaps: boolean): DetailOptions {
  const { boundary, confusions, minArea, bootstrap, seed, against } = options
  if (judgesMaps)
    refuseUseless(
      {
        ...{ '--boundary': boundary, '--confusions': confusions, '--min-area': minArea },
        ...{ '--bootstrap': bootstrap, '--seed': seed, '--against': against },
      },
      'where maps are judged: it is for masks',
      'Make masks of them at one threshold (semples masks --threshold NUMBER, semples refine), and evaluate those.',
    )
  if (confusions === undefined) refuseUseless({ '--min-area': minArea }, 'without --confusions')
  if (bootstrap === undefined && against === undefined)
    refuseUseless({ '--seed': seed }, 'without --bootstrap or --against DIR: nothing is drawn')
  const all = { boundary, confusions, minArea, bootstrap, seed, against }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}
