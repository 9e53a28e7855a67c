import { posix } from 'node:path'
import { readImageList } from '../../datasets/voc/imageList.js'
import type { CheckVocSubmissionOptions, VocSubmissionCheck } from '../types.js'
import { Findings } from './findings.js'
import { competitions, requireChoices, resultsFolder, setOfList } from './layout.js'
import { pictureSizes, type SizeOf } from './pictureSizes.js'
import { pngProblems } from './pngProblems.js'
import { type ArchivedEntry, readTar } from './tarReader.js'

/** A mask of VOC 2012 takes some kilobytes; larger files are not looked into. */
const LARGEST = 16 * 2 ** 20

/** `checkVocSubmission` of the public API, documented in lib/api/masks.ts. */
export async function checkVocSubmission(
  archive: string,
  options: CheckVocSubmissionOptions,
): Promise<VocSubmissionCheck> {
  const { list, images, competition, onProgress, signal } = options
  signal?.throwIfAborted()
  requireChoices({ competition, set: options.set })
  const set = setOfList(list, options.set)
  const ids = (await readImageList(list)).map(({ id }) => id)
  const sizeOf = images === undefined ? undefined : await pictureSizes(images, ids, list)
  const right = (competition === undefined ? competitions : [competition]).map((each) => resultsFolder(each, set))
  const check = new Check(ids, right, sizeOf, (done) => onProgress?.(Math.min(done, ids.length), ids.length))
  const problems = await readTar(archive, isMask, (entry) => check.entry(entry), signal)
  return check.result(problems)
}

function isMask(path: string, size: number): boolean {
  return path.endsWith('.png') && !isOfMac(path) && size <= LARGEST
}

/** Files in which macOS keeps what other systems have no place for. */
function isOfMac(path: string): boolean {
  return /(^|\/)(\._|__MACOSX\/|\.DS_Store$)/.test(path)
}

class Check {
  private readonly findings = new Findings()
  /** Ids with a mask, by folder. */
  private readonly seen = new Map<string, Set<string>>()
  private readonly ids: ReadonlySet<string>
  private pngs = 0

  constructor(
    private readonly list: readonly string[],
    private readonly right: readonly string[],
    private readonly sizeOf: SizeOf | undefined,
    private readonly onPng: (done: number) => void,
  ) {
    this.ids = new Set(list)
  }

  async entry({ path: name, type, size, data }: ArchivedEntry): Promise<void> {
    const { findings } = this
    // Names are printed: what moves the cursor of a terminal must not be in them.
    const path = name.replaceAll(/\p{Cc}/gu, '?')
    if (/^([/\\]|[a-z]:)/i.test(path) || path.split(/[/\\]/).includes('..')) return findings.add('unsafe-path', path)
    if (type === 'Directory') return
    if (isOfMac(path)) return findings.add('mac-file', path)
    if (type !== 'File') return findings.add('not-a-file', path, type)
    if (!path.endsWith('.png')) return findings.add('other-file', path)
    this.onPng(++this.pngs)
    const file = posix.normalize(path)
    const folder = posix.dirname(file)
    const id = posix.basename(file, '.png')
    const masks = this.seen.get(folder) ?? new Set()
    this.seen.set(folder, masks)
    if (masks.has(id)) findings.add('twice', file)
    masks.add(id)
    if (!this.right.includes(folder)) findings.add('folder', file)
    const expected = this.ids.has(id) ? await this.sizeOf?.(id) : undefined
    const problems =
      data === undefined && size > LARGEST
        ? [{ problem: 'not-png' as const, seen: `it has ${size} bytes` }]
        : pngProblems(data ?? new Uint8Array(), expected)
    for (const { problem, seen } of problems) findings.add(problem, file, seen)
  }

  /** @param archive what is wrong with the archive as a whole */
  result(archive: Awaited<ReturnType<typeof readTar>>): VocSubmissionCheck {
    for (const { problem, why } of archive) this.findings.archive(problem, why)
    const is = (wrong: string) => archive.some(({ problem }) => problem === wrong)
    const judged = is('not-gzip') ? [] : this.judged()
    for (const [folder, masks] of judged) {
      // What is missing in a part may be in the rest.
      for (const id of is('damaged') ? [] : this.list) if (!masks.has(id)) this.findings.add('missing', id)
      for (const id of masks) if (!this.ids.has(id)) this.findings.add('additional', `${folder}/${id}.png`)
    }
    const findings = this.findings.list()
    return {
      canSubmit: findings.every(({ level }) => level !== 'stop'),
      folders: [...this.seen.keys()].sort(),
      listed: this.list.length,
      pictures: Math.max(0, ...judged.map(([, masks]) => this.list.filter((id) => masks.has(id)).length)),
      findings,
    }
  }

  /** The right folders that there are; else the one that has the most masks, as if it were named rightly. */
  private judged(): [folder: string, masks: Set<string>][] {
    const folders = [...this.seen].filter(([folder]) => this.right.includes(folder))
    if (folders.length > 0) return folders
    const [most] = [...this.seen].sort(([, one], [, other]) => other.size - one.size)
    return [most ?? [this.right[0]!, new Set()]]
  }
}
