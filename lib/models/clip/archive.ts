import { open } from 'node:fs/promises'
import { isTorchScript, requireTorchSize, torchRoot } from '../../formats/pickle/torchFile.js'
import { ZipArchive } from '../../formats/zip.js'

/** What the texts in a TorchScript archive tell of it. Nothing of it is run. */
export interface ArchiveTexts {
  /** TorchScript's code, a file each. */
  code: string[]
  /** The pickle of the module, with the names of its parts. */
  structure: string
}

/** Reads them; undefined for a file that is no TorchScript archive. */
export async function readArchiveTexts(path: string): Promise<ArchiveTexts | undefined> {
  if (!(await isZip(path))) return undefined
  const zip = await ZipArchive.open(path, path)
  try {
    if (!isTorchScript(zip.paths)) return undefined
    requireTorchSize(zip, path)
    const text = async (name: string, encoding: BufferEncoding) => Buffer.from(await zip.read(name)).toString(encoding)
    const code: string[] = []
    for (const name of zip.paths) if (/\/code\/.*\.py$/.test(name)) code.push(await text(name, 'utf8'))
    const root = torchRoot(zip.paths)
    return { code, structure: root === undefined ? '' : await text(root, 'latin1') }
  } finally {
    zip.close()
  }
}

async function isZip(path: string): Promise<boolean> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    return bytesRead === 4 && buffer.toString('latin1') === 'PK\x03\x04'
  } finally {
    await handle.close()
  }
}
