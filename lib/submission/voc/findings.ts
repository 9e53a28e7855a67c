import { count } from '../../base/count.js'
import type { SubmissionFinding, SubmissionProblem } from '../types.js'

/** Most names that a finding keeps. */
const MOST_NAMES = 1000

interface Words {
  level: SubmissionFinding['level']
  /** @param names of the first files, with what was seen of each: `comp6_test_cls/a.png (8-bit grey) and 3 more` */
  message(number: number, names: string): string
  advice: string
}

const REWRITE =
  'Let semples write the archive (npx semples submission voc), or save masks with Pillow in mode P with the palette of VOC.'
const DATA = 'results/VOC2012/Segmentation/comp6_test_cls/ID.png'
const have = (number: number, noun: string) => `${count(number, noun)} ${number === 1 ? 'has' : 'have'}`
const are = (number: number, noun: string) => `${count(number, noun)} ${number === 1 ? 'is' : 'are'}`

/** What each problem is called, in the order in which they are told. */
const WORDS: Readonly<Record<SubmissionProblem, Words>> = {
  'not-gzip': {
    level: 'stop',
    message: (_, names) => `The archive ${names}; the judge takes gzipped tar.`,
    advice: 'In the folder that holds results/, type: tar czf results.tgz results',
  },
  damaged: {
    level: 'stop',
    message: (_, names) => `The archive ${names}.`,
    advice: 'Make or copy it again; what is said below is of the part that could be read.',
  },
  'not-compressed': {
    level: 'warning',
    message: (_, names) => `The archive ${names}.`,
    advice: 'Compress it: gzip -9 < results.tar > results.tgz',
  },
  'unsafe-path': {
    level: 'stop',
    message: (number, names) =>
      `${count(number, 'path')} ${number === 1 ? 'leads' : 'lead'} out of the folder in which the archive is unpacked: ${names}.`,
    advice: `Paths must be as ${DATA}. Where somebody else made the archive, do not unpack it.`,
  },
  'not-a-file': {
    level: 'stop',
    message: (number, names) => `${are(number, 'name')} of a link or device, not of a file: ${names}.`,
    advice: 'Pack the files themselves: tar czhf results.tgz results',
  },
  folder: {
    level: 'stop',
    message: (number, names) => `${are(number, 'PNG')} not in the right folder: ${names}.`,
    advice: `Masks lie in results/VOC2012/Segmentation/comp5_test_cls (trained on VOC 2012 alone) or comp6_test_cls (on other data too), for the val set comp5_val_cls or comp6_val_cls; letters as here.`,
  },
  missing: {
    level: 'stop',
    message: (number, names) => `${have(number, 'picture')} no mask: ${names}.`,
    advice: 'Every picture of the list needs one: a missing picture is an error of the evaluation.',
  },
  additional: {
    level: 'stop',
    message: (number, names) => `${are(number, 'mask')} of pictures that the list does not name: ${names}.`,
    advice: 'Is it the list of another set? Leave them out.',
  },
  twice: {
    level: 'stop',
    message: (number, names) => `${are(number, 'mask')} in the archive more than once: ${names}.`,
    advice: 'Which of them is unpacked last depends on the program: keep one.',
  },
  'not-png': {
    level: 'stop',
    message: (number, names) => `${have(number, 'PNG')} content that cannot be read: ${names}.`,
    advice: 'Write these masks again.',
  },
  'not-indexed': {
    level: 'stop',
    message: (number, names) => `${are(number, 'PNG')} not indexed: ${names}.`,
    advice: REWRITE,
  },
  palette: {
    level: 'stop',
    message: (number, names) => `${have(number, 'PNG')} another palette than VOC: ${names}.`,
    advice: `Were palettes sorted by a program that makes PNGs smaller, pixel values are no class ids. ${REWRITE}`,
  },
  value: {
    level: 'stop',
    message: (number, names) => `${have(number, 'PNG')} pixels that are no class of VOC 2012, above 20: ${names}.`,
    advice: 'Values are 0 (background) to 20.',
  },
  void: {
    level: 'stop',
    message: (number, names) => `${have(number, 'PNG')} void pixels (255), which only ground truth may have: ${names}.`,
    advice: 'Decide every pixel, or make these background (npx semples submission voc --void background).',
  },
  size: {
    level: 'stop',
    message: (number, names) => `${have(number, 'PNG')} another size than the picture: ${names}.`,
    advice: 'Masks must have the size of the pictures: resize them with nearest neighbour, or make them again.',
  },
  'mac-file': {
    level: 'warning',
    message: (number, names) => `${are(number, 'file')} of macOS alone: ${names}.`,
    advice: 'Pack without them: COPYFILE_DISABLE=1 tar czf results.tgz results',
  },
  'other-file': {
    level: 'warning',
    message: (number, names) => `${are(number, 'file')} no mask: ${names}.`,
    advice: 'Masks end in .png, in small letters; leave others out.',
  },
}

/** What was found, gathered by problem. */
export class Findings {
  private readonly found = new Map<SubmissionProblem, { count: number; files: string[]; seen: string[] }>()

  /** @param seen what was seen of the file; told of the first */
  add(problem: SubmissionProblem, file: string, seen?: string): void {
    const entry = this.found.get(problem) ?? { count: 0, files: [], seen: [] }
    entry.count++
    if (entry.files.length < MOST_NAMES) entry.files.push(file)
    const name = file.replace(/^results\/VOC2012\/Segmentation\//, '')
    if (entry.seen.length < 3) entry.seen.push(seen === undefined ? name : `${name} (${seen})`)
    this.found.set(problem, entry)
  }

  /** About the archive as a whole. */
  archive(problem: SubmissionProblem, why: string): void {
    this.found.set(problem, { count: 1, files: [], seen: [why] })
  }

  list(): SubmissionFinding[] {
    return (Object.keys(WORDS) as SubmissionProblem[]).flatMap((problem) => {
      const found = this.found.get(problem)
      if (found === undefined) return []
      const { level, message, advice } = WORDS[problem]
      const more = found.count - found.seen.length
      const names = `${found.seen.join(', ')}${more > 0 ? ` and ${more.toLocaleString('en')} more` : ''}`
      return [{ problem, level, message: message(found.count, names), advice, count: found.count, files: found.files }]
    })
  }
}
