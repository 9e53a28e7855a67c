import { SemplesError } from '../../base/error.js'
import type { LabelMap } from '../../masks/labelMap.js'
import { type ReadMaskOptions, readMask } from '../../masks/png.js'
import type { ClassTable } from '../dataset.js'
import { folderNames } from '../pictures.js'
import { fileNamed } from './camFiles.js'
import { Renumbering, type RenumberingTarget, type StatedTable, statedTable } from './classTables.js'

/** A folder of masks or maps, and how the ids of its classes become those of the ground truth or the data set. */
export class PredictedFolder {
  private constructor(
    readonly folder: string,
    /** The class table that it states. */
    readonly stated: StatedTable | undefined,
    readonly renumbering: Renumbering | undefined,
    private readonly reading: ReadMaskOptions,
  ) {}

  static async open(
    folder: string,
    classes: ClassTable,
    reading: ReadMaskOptions,
    target?: RenumberingTarget,
  ): Promise<PredictedFolder> {
    const stated = await statedTable(folder)
    const renumbering = Renumbering.of(stated, classes, `masks.json in ${folder}`, target)
    // Colours of ids that are yet to be changed say nothing of the classes.
    const own = renumbering && { ids: renumbering.from, colors: reading.colors }
    return new PredictedFolder(folder, stated, renumbering, own ?? reading)
  }

  /** One that masks are compared with. @throws SemplesError `SEMPLES_FILE_UNREADABLE` where there is none */
  static async openAgainst(folder: string, classes: ClassTable, reading: ReadMaskOptions): Promise<PredictedFolder> {
    if ((await folderNames(folder)) !== undefined) return PredictedFolder.open(folder, classes, reading)
    throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
      message: `There is no folder ${folder} to compare the masks with.`,
      field: 'against',
      file: folder,
      expected: 'a folder of masks of the same pictures, <picture>.png',
    })
  }

  /** The mask of a picture, if there is one. */
  find(id: string): Promise<string | undefined> {
    return fileNamed(this.folder, `${id}.png`)
  }

  /** A mask with the ids of the other table. */
  async read(file: string): Promise<LabelMap> {
    const mask = await readMask(file, this.reading)
    return this.renumbering === undefined ? mask : this.renumbering.mask(mask, file)
  }
}
