import { open } from 'node:fs/promises'
import path from 'node:path'
import { stemOf } from '../pictureNames.js'
import { isMaskFolderName } from './usualNames.js'

interface PngHead {
  size: string
  /** Indexed, or grey with 8 bits or fewer: as masks are. */
  kind: 'indexed' | 'grey' | 'other'
}

/** A picture by its path inside a folder. */
interface Candidate {
  /** The folder right in the root that it lies in; '' for the root itself. */
  folder: string
  /** Its path within that folder. */
  file: string
  image: string
}

/**
 * PNGs that are masks of the pictures beside them rather than pictures: indexed ones with the name of a picture of another
 * kind in the same folder, and whole folders of PNGs that are named like pictures of another folder: indexed ones; grey
 * ones where the folder is called as masks mostly are, or where each has the size of its picture.
 *
 * @param known names of folders that are certainly classes
 * @returns `pngs`: those beside pictures, or loose ones named like pictures in folders, by absolute path; `folders`: names of whole folders
 */
export async function findMasks(
  candidates: readonly Candidate[],
  known: ReadonlySet<string>,
): Promise<{ pngs: Set<string>; folders: Set<string> }> {
  const isPng = ({ file }: Candidate) => path.extname(file).toLowerCase() === '.png'
  // Only a PNG with the name of another picture is opened.
  // Masks lie flat where their pictures lie in folders within; beside each other the whole path counts.
  const byName = new Map<string, Candidate[]>()
  for (const candidate of candidates) {
    const name = nameOf(candidate)
    byName.set(name, [...(byName.get(name) ?? []), candidate])
  }
  const heads = new Map<string, PngHead>()
  const headOf = async ({ image }: Candidate) => {
    const head = heads.get(image) ?? (await readHead(image))
    heads.set(image, head)
    return head
  }
  const isPicture = async (candidate: Candidate) => !isPng(candidate) || (await headOf(candidate)).kind === 'other'

  const pngs = new Set<string>()
  const named = new Map<string, Candidate[]>()
  for (const candidate of candidates) {
    if (!isPng(candidate)) continue
    const others = (byName.get(nameOf(candidate)) ?? []).filter(
      (other) =>
        other !== candidate && (other.folder !== candidate.folder || stemOf(other.file) === stemOf(candidate.file)),
    )
    if (others.length === 0 || (await headOf(candidate)).kind === 'other') continue
    const beside = others.some((other) => other.folder === candidate.folder && !isPng(other))
    if (beside && (await headOf(candidate)).kind === 'indexed') pngs.add(candidate.image)
    for (const other of others) {
      if (other.folder === candidate.folder || !(await isPicture(other))) continue
      if (await mayBeMask(candidate, other))
        named.set(candidate.folder, [...(named.get(candidate.folder) ?? []), candidate])
      break
    }
  }
  const folders = new Set<string>()
  for (const [folder, found] of named) {
    if (folder === '') for (const { image } of found) pngs.add(image)
    if (folder === '' || known.has(folder)) continue
    const all = candidates.filter((candidate) => candidate.folder === folder)
    if (all.every(isPng) && (isMaskFolderName(folder) || 2 * found.length >= all.length)) folders.add(folder)
  }
  return { pngs, folders }

  async function mayBeMask(candidate: Candidate, picture: Candidate): Promise<boolean> {
    const { kind, size } = await headOf(candidate)
    if (kind === 'indexed' || isMaskFolderName(candidate.folder)) return true
    return size === (await sizeOf(picture))
  }

  async function sizeOf(picture: Candidate): Promise<string | undefined> {
    if (isPng(picture)) return (await headOf(picture)).size
    const { pictureSides } = await import('../../pictures/exif.js')
    const sides = await pictureSides(picture.image)
    return sides && `${sides.width}x${sides.height}`
  }
}

/** The name of a file without its folders and its extension. */
function nameOf({ file }: Candidate): string {
  return path.posix.basename(stemOf(file))
}

/** Size and kind of a PNG, from its first bytes; `other` for what is none. */
async function readHead(file: string): Promise<PngHead> {
  const bytes = Buffer.alloc(26)
  try {
    const handle = await open(file)
    await handle.read(bytes, 0, bytes.length, 0).finally(() => handle.close())
  } catch {
    return { size: '', kind: 'other' }
  }
  const isPng = bytes.readUInt32BE(0) === 0x89504e47 && bytes.toString('latin1', 12, 16) === 'IHDR'
  const [depth, colour] = [bytes[24]!, bytes[25]!]
  const kind = !isPng ? 'other' : colour === 3 ? 'indexed' : colour === 0 && depth <= 8 ? 'grey' : 'other'
  return { size: `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`, kind }
}
