import { basename } from 'node:path'
import { oneOf } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import type { VocCompetition } from '../types.js'

/*
 * What the judge takes, as public code writes it: http://host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc/ (Everingham and Winn,
 * 18 May 2012), section 5, tells it, whose text was not at hand; what its evaluation refuses (a missing picture, another size, a
 * value above 20) is by public ports of VOCevalseg.m.
 */

/** Classes of VOC 2012; pixel values are 0 to this number. */
export const VOC_CLASSES = 20

export const competitions: readonly VocCompetition[] = ['comp5', 'comp6']

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  competition: competitions,
  set: ['test', 'val'],
  void: ['refuse', 'background'],
}

/** @throws SemplesError `SEMPLES_OPTION_INVALID` for an option that has another value than there are */
export function requireChoices(options: Readonly<Record<string, string | undefined>>): void {
  for (const [field, value] of Object.entries(options)) {
    if (value === undefined || CHOICES[field]!.includes(value)) continue
    throw new SemplesError('SEMPLES_OPTION_INVALID', {
      message: `There is no such value of ${field}.`,
      field,
      value,
      expected: oneOf(CHOICES[field]!),
    })
  }
}

const ROOT = 'results/VOC2012/Segmentation'

/** `results/VOC2012/Segmentation/comp6_test_cls` */
export function resultsFolder(competition: VocCompetition, set: 'test' | 'val'): string {
  return `${ROOT}/${competition}_${set}_cls`
}

/**
 * Which pictures a list names: what was said, else what the name of the file says.
 * @throws SemplesError `SEMPLES_OPTION_INVALID` where neither does
 */
export function setOfList(list: string, set: 'test' | 'val' | undefined): 'test' | 'val' {
  if (set !== undefined) return set
  const words = basename(list)
    .toLowerCase()
    .split(/[^a-z]+/)
  const said = (['test', 'val'] as const).filter((word) => words.includes(word))
  if (said.length === 1) return said[0]!
  throw new SemplesError('SEMPLES_OPTION_INVALID', {
    message: `The name of the list ${list} does not say whether its pictures are VOC's test set or its val set, which the folder in the archive is named after.`,
    field: 'set',
    file: list,
    hint: "Say it: set: 'test' (--set test) for what the evaluation server judges; set: 'val' (--set val) for the kit's own evaluation.",
  })
}
