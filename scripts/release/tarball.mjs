import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Bytes of the packed package. */
export const largestTarball = 30e6

/** What nobody needs who installs semples, or must not have: pnpm and Yarn 1 run node-gyp where there is a binding.gyp. */
const unwanted =
  /binding\.gyp|\.stamp$|lib(torch|c10)\w*\.so|^(test|bench|build|lib|node_modules|\.)|(^|\/)\.(npmrc|env)|\.(tgz|log|pem|key)$/

/** @param files paths inside the package */
export function unwantedFiles(files) {
  return files.filter((file) => unwanted.test(file))
}

/**
 * What `npm pack` makes of the built package in `root`, in a folder that exists: path of the tarball, bytes packed and
 * unpacked, paths inside.
 * @returns {Promise<{ tarball: string, size: number, unpackedSize: number, files: string[] }>}
 */
export async function pack(root, folder) {
  const parameters = ['pack', '--ignore-scripts', '--json', `--pack-destination=${folder}`]
  const { stdout } = await run('npm', parameters, { cwd: root, maxBuffer: 1e8, shell: process.platform === 'win32' })
  const [{ filename, size, unpackedSize, files }] = JSON.parse(stdout)
  return { tarball: join(folder, filename), size, unpackedSize, files: files.map(({ path }) => path) }
}

/**
 * What publint says of a tarball, a sentence each.
 * @returns {Promise<string[]>}
 */
export async function publintMessages(tarball, manifest) {
  const [{ publint }, { formatMessage }] = await Promise.all([import('publint'), import('publint/utils')])
  const { messages } = await publint({ pack: { tarball: new Uint8Array(readFileSync(tarball)).buffer } })
  return messages.map((message) => formatMessage(message, manifest) ?? message.code)
}

/**
 * What @arethetypeswrong/cli finds: its entry points and, by kind, its problems; none is `{}`.
 * @returns {Promise<{ entrypoints: string[], problems: Record<string, unknown> }>}
 */
export async function typeProblems(root, tarball) {
  const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js')
  // It exits with 1 where it finds something, and prints it all the same.
  const { stdout } = await run(process.execPath, [attw, tarball, '--format', 'json'], { maxBuffer: 1e8 }).catch(
    (error) => error,
  )
  const { analysis, problems } = JSON.parse(stdout)
  return { entrypoints: Object.keys(analysis.entrypoints), problems }
}
