import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomic } from '../../base/atomic.js'
import { SemplesError } from '../../base/error.js'
import { MadeFiles } from '../../base/outputs.js'
import { stemOf } from '../../datasets/pictureNames.js'
import type { Annotated } from './annotate.js'
import type { AnnotatedPicture, AnnotationFormat } from './format.js'
import type { MaskOfPicture } from './masksOf.js'

/** What has been done so far. */
export class Writing {
  readonly result = {
    pictures: 0,
    kept: 0,
    objects: 0,
    small: 0,
    failed: [] as { mask: string; error: SemplesError }[],
  }
  private done = 0

  constructor(
    private readonly total: number,
    private readonly onProgress: ((done: number, total: number) => void) | undefined,
  ) {}

  /** The pictures among what was annotated. @throws the error of the first mask where none could be read */
  async *counted(all: AsyncIterable<Annotated>): AsyncGenerator<AnnotatedPicture> {
    const { result } = this
    for await (const annotated of all) {
      if ('error' in annotated) result.failed.push(annotated)
      else {
        yield annotated.picture
        result.pictures++
        result.objects += annotated.picture.objects.length
        result.small += annotated.small
      }
      this.finished()
    }
    if (result.pictures + result.kept === 0 && result.failed.length > 0) throw result.failed[0]!.error
  }

  keep(): void {
    this.result.kept++
    this.finished()
  }

  private finished(): void {
    this.onProgress?.(++this.done, this.total)
  }
}

/**
 * A file for each picture. Those that are there may have been corrected by people: they stay, and so the same call goes on
 * where it was interrupted.
 */
export async function writeFiles(
  format: Extract<AnnotationFormat, { kind: 'folder' }>,
  {
    out,
    masks,
    writing,
    pictures,
  }: {
    out: string
    masks: readonly MaskOfPicture[]
    writing: Writing
    pictures(some: readonly MaskOfPicture[]): AsyncIterable<AnnotatedPicture>
  },
): Promise<void> {
  const made = await MadeFiles.open(out, 'annotations')
  const nameOf = (file: string) => `${stemOf(file)}.json`
  const wanted = masks.filter(({ failure }) => failure === undefined)
  refuseSameNames(wanted, nameOf)
  await made.requireFree(wanted.map(({ file }) => nameOf(file)))
  const rest: MaskOfPicture[] = []
  for (const mask of masks) {
    if (mask.failure === undefined && (await isThere(join(out, nameOf(mask.file))))) writing.keep()
    else rest.push(mask)
  }
  for await (const picture of pictures(rest)) {
    const name = nameOf(picture.file)
    await made.note([name])
    await writeAtomic(join(out, name), format.text(picture, join(out, name)))
  }
}

/** Pictures of one name and two extensions would have one file. */
function refuseSameNames(masks: readonly MaskOfPicture[], nameOf: (file: string) => string): void {
  const seen = new Map<string, string>()
  for (const { file, image } of masks) {
    const other = seen.get(nameOf(file))
    if (other !== undefined)
      throw new SemplesError('SEMPLES_NAME_INVALID', {
        message: `${other} and ${image} would have one annotation file, ${nameOf(file)}.`,
        file: image,
        hint: 'Keep one mask of the two, or write COCO or CVAT files (format, --format).',
      })
    seen.set(nameOf(file), image)
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined
}
