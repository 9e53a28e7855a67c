import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { python } from '../support/python.js'
import { repository } from './packed.js'

const run = promisify(execFile)

/** A torch of PyPI, where those for x86-64 are CUDA builds, and the wheels that it finds its libraries in. */
export interface PublishedTorch {
  version: string
  /** Beside it, as its metadata asks for them: all for the GPU, or those without which nothing can be opened. */
  nvidia: string[]
  /** Whether these are all. */
  whole: boolean
}

const forProcessor = ['nvidia-cuda-runtime==13.0.96', 'nvidia-cuda-cupti==13.0.85']
const toolkit = 'cublas,cudart,cufft,cufile,cupti,curand,cusolver,cusparse,nvjitlink,nvrtc,nvtx'

export const publishedTorches: PublishedTorch[] = [
  { version: '2.11.0', nvidia: forProcessor, whole: false },
  { version: '2.12.1', nvidia: forProcessor, whole: false },
  {
    version: '2.14.1',
    whole: true,
    nvidia: [
      `cuda-toolkit[${toolkit}]==13.0.3`,
      'nvidia-cudnn-cu13==9.24.0.43',
      'nvidia-cusparselt-cu13==0.8.1',
      'nvidia-nccl-cu13==2.30.7',
      'nvidia-nvshmem-cu13==3.4.5',
    ],
  },
]

/** Python that unpacks what programs open of the wheels in a folder: libraries, and the file that states the version. */
const unpack = `
import pathlib, re, sys, zipfile
wheels, target = sys.argv[1:]
for wheel in pathlib.Path(wheels).glob('*.whl'):
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if re.search(r'^torch/version.py$|/lib/[^/]+[.]so[.0-9]*$', name)]
        archive.extractall(target, names)
`

/**
 * The `torch` folder of a version in .cache/torches, fetched by pip and unpacked if it is not there: 1 GB, with all of
 * NVIDIA's libraries 4 GB.
 */
export async function fetchTorch({ version, nvidia }: PublishedTorch): Promise<string> {
  const cache = join(repository, '.cache', 'torches')
  const folder = join(cache, version)
  if (existsSync(folder)) return join(folder, 'torch')
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, `.${version}-`))
  try {
    const wheels = join(work, 'wheels')
    // A wheel on this disk that pip is configured to prefer may be another build.
    const env = { ...process.env, PIP_FIND_LINKS: join(work, 'none') }
    mkdirSync(env.PIP_FIND_LINKS)
    const download = ['-m', 'pip', 'download', '--quiet', '--only-binary=:all:', '--dest', wheels]
    await run(python, [...download, '--no-deps', `torch==${version}`], { env })
    await run(python, [...download, ...nvidia], { env })
    await run(python, ['-c', unpack, wheels, join(work, 'site')])
    renameSync(join(work, 'site'), folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return join(folder, 'torch')
}

/** Prebuilt addons of this clone by the minor version of LibTorch, and the loader. */
export function prebuiltAddons(): Map<string, string> {
  const folder = join(repository, 'prebuilds', `${process.platform}-${process.arch}`)
  const names = existsSync(folder) ? readdirSync(folder) : []
  return new Map(
    names.flatMap((name) => {
      const version = /^torch(\d+\.\d+)\.glibc\.node$/.exec(name)?.[1]
      return version === undefined ? [] : [[version, join(folder, name)] as const]
    }),
  )
}
