// npm run prebuild: prebuilds/<platform>-<architecture>/torch<version>.<libc>.node for the LibTorch of this package, or
// for each that is named:
//   npm run prebuild -- --torch FOLDER [--torch FOLDER …] [--arch arm64]
//   npm run prebuild -- --cuda [--architectures 75,90]
// is the library of kernels for GPUs alone: prebuilds/linux-x64/cuda13/semples_cuda.so, with what is inside in cuda.json.
// On Linux it is built against Debian 11 (glibc 2.31), or with --here against this machine, as the release does in a
// container with an old system.
import { copyFileSync, statSync } from 'node:fs'
import { arch, platform } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { main, root, run, StepError, say } from './steps/process.mjs'

await main(async () => {
  const { values } = parseArgs({
    options: {
      torch: { type: 'string', multiple: true },
      arch: { type: 'string', default: arch() },
      here: { type: 'boolean', default: false },
      cuda: { type: 'boolean', default: false },
      architectures: { type: 'string' },
    },
  })
  const { ensurePackages } = await import('./steps/packages.mjs')
  ensurePackages()
  const { compileTypeScript } = await import('./steps/typescript.mjs')
  await compileTypeScript()
  if (values.cuda || values.architectures !== undefined) return prebuildCuda(values)
  const { publishBuild, publishedBuild } = await import('./steps/native.mjs')
  const before = publishedBuild()
  try {
    for (const folder of values.torch ?? [undefined]) await prebuild(folder, values)
  } finally {
    // prebuildify takes the addon out of build/Release.
    const after = before?.folder === undefined && values.arch === arch() ? publishedBuild() : before
    if (after?.folder !== undefined) publishBuild(after)
  }
})

async function prebuild(torch, { arch: architecture, here }) {
  if (torch !== undefined) process.env.SEMPLES_LIBTORCH = torch
  if (platform() === 'linux' && !here) process.env.SEMPLES_SYSROOT = 'debian11'
  const { buildNative } = await import('./steps/native.mjs')
  const { default: prebuildify } = await import('prebuildify')
  // Built first, so that a failure is a sentence; prebuildify then finds it done.
  const built = await buildNative({ architecture })
  await promisify(prebuildify)({
    cwd: root,
    arch: architecture,
    napi: true,
    targets: [process.versions.node],
    name: `torch${built.version}`,
    tagLibc: platform() === 'linux',
    libc: 'glibc',
    strip: true,
    stripBin: built.strip,
    nodeGyp: join(root, 'scripts', 'node-gyp', 'incremental.mjs'),
    cache: join(root, '.cache', 'prebuildify'),
  })
  const folder = join(root, 'prebuilds', `${platform()}-${architecture}`)
  // prebuildify knows one addon; the loader is the same for every LibTorch.
  const loader = join(folder, 'semples_loader.node')
  copyFileSync(join(built.folder, 'semples_loader.node'), loader)
  run(built.strip, ['--strip-all', loader])
  say(`${join('prebuilds', `${platform()}-${architecture}`)} has an addon for LibTorch ${built.version}`)
}

async function prebuildCuda({ cuda, architectures, here, torch, arch: architecture }) {
  if (!cuda) throw new StepError('--architectures goes with --cuda.')
  if (torch !== undefined) throw new StepError('--cuda takes no --torch: the kernels serve every LibTorch.')
  if (platform() !== 'linux' || arch() !== 'x64' || architecture !== 'x64')
    throw new StepError('The kernels for GPUs are compiled on Linux x64, for Linux x64.')
  const { buildCuda, publishCuda, readArchitectures } = await import('./steps/cuda.mjs')
  const chosen = architectures === undefined ? {} : { architectures: readArchitectures(architectures) }
  const built = await buildCuda({ ...chosen, sysroot: here ? undefined : 'debian11' })
  const { file, record } = publishCuda(built, join(root, 'prebuilds', 'linux-x64'))
  const megabytes = (statSync(file).size / 1e6).toFixed(1)
  say(`${relative(root, file)}: ${megabytes} MB, ${record.architectures.join(', ')}, PTX of ${record.ptx.join(', ')}`)
}
