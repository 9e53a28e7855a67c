import { stat } from 'node:fs/promises'
import path from 'node:path'
import { SemplesError } from '../../base/error.js'
import { isPictureName, stemOf } from '../pictureNames.js'

/** Finds the files that names in a labels file mean. */
export class NameMatcher {
  private readonly known: ReadonlySet<string>
  private readonly byForm = new Map<string, string[]>()
  private readonly byStem = new Map<string, string[]>()

  /**
   * @param root the folder of the pictures
   * @param files paths inside it, with `/`
   * @param isMask tells files that are no pictures, which a name without extension does not mean
   */
  constructor(
    private readonly root: string,
    files: readonly string[],
    isMask: (file: string) => boolean,
  ) {
    this.known = new Set(files)
    for (const file of files) {
      add(this.byForm, file.normalize(), file)
      if (isPictureName(file) && !isMask(file)) add(this.byStem, stemOf(file).normalize(), file)
    }
  }

  /**
   * The file of a name: exactly so; else with `/` for the backslashes of Windows, without the name of the folder before
   * it, in another Unicode form, or with the extension that it lacks.
   *
   * @param name a path inside the folder
   * @returns undefined where there is none
   * @throws SemplesError `SEMPLES_DATA_FILE_INVALID` where a name means several files
   */
  async find(name: string, labelsFile: string): Promise<string | undefined> {
    if (this.known.has(name)) return name
    // Within links that a walk does not follow, and hidden folders.
    if (await isFile(path.join(this.root, name))) return name
    for (const spelling of this.spellings(name)) {
      if (this.known.has(spelling)) return spelling
      for (const found of [this.byForm.get(spelling.normalize()), this.byStem.get(spelling.normalize())]) {
        if (found !== undefined && found.length > 1) throw ambiguous(name, found, labelsFile)
        if (found !== undefined) return found[0]
      }
    }
    return undefined
  }

  private spellings(name: string): string[] {
    const slashes = path.posix.normalize(name.replaceAll('\\', '/'))
    const folder = `${path.basename(this.root)}/`
    // IRN writes the names of VOC as numbers.
    const voc = /^\d{10}$/.test(name) ? [`${name.slice(0, 4)}_${name.slice(4)}`] : []
    return [slashes, ...(slashes.startsWith(folder) ? [slashes.slice(folder.length)] : []), ...voc]
  }
}

function add(map: Map<string, string[]>, key: string, file: string): void {
  map.set(key, [...(map.get(key) ?? []), file])
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  )
}

function ambiguous(name: string, files: readonly string[], labelsFile: string): SemplesError {
  return new SemplesError('SEMPLES_DATA_FILE_INVALID', {
    message: `The labels file ${labelsFile} names ${name}, which may be ${files.slice(0, 3).join(' or ')}.`,
    file: labelsFile,
    value: name,
    hint: 'Write the extension, exactly as the file is called.',
  })
}
