import { join } from 'node:path'
import { count, listed } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { filesWithin, folderNames } from '../../datasets/pictures.js'

/** The files of a folder, found by the ids of pictures. */
export class FolderFiles {
  private readonly files = new Map<string, string>()

  private constructor(
    readonly folder: string,
    /** Extensions that are looked for, the better one first. */
    private readonly extensions: readonly string[],
    private readonly names: readonly string[],
  ) {
    for (const name of names) this.files.set(name.normalize(), name)
    for (const name of names) this.files.set(name, name)
  }

  /** @throws SemplesError `SEMPLES_FILE_UNREADABLE` where there is no such folder */
  static async open(folder: string, field: string, extensions: readonly string[]): Promise<FolderFiles> {
    if ((await folderNames(folder)) !== undefined) return new FolderFiles(folder, extensions, await filesWithin(folder))
    throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
      message: `There is no folder ${folder}.`,
      field,
      file: folder,
      expected: `a folder of files <picture>${extensions[0]}`,
    })
  }

  /** The file of a picture, upper and lower case as there, in any Unicode form. */
  of(id: string): string | undefined {
    for (const extension of this.extensions) {
      const name = this.files.get(`${id}${extension}`) ?? this.files.get(`${id}${extension}`.normalize())
      if (name !== undefined) return join(this.folder, name)
    }
    return undefined
  }

  /** What is in the folder, in a sentence. */
  there(): string {
    if (this.names.length === 0) return 'The folder is empty.'
    const fitting = this.names.filter((name) => this.extensions.some((extension) => name.endsWith(extension)))
    if (fitting.length > 0) return `The folder has ${count(fitting.length, 'file')} such as ${fitting[0]}.`
    return `The folder has no ${this.extensions.join(', ')}; it has ${listed(this.names, 3)}.`
  }
}
