import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { FetchProgress } from '../../lib/fetch/progress.js'
import { installLibTorch } from '../../lib/libtorch/install.js'
import { answer, type IndexServer, type IndexServerOptions, type Serve, startIndex } from '../fetch/indexServer.js'
import { temporaryFolder, wheelFiles, withEnvironment, zip } from './folders.js'

const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64'
const torchName = `torch-2.13.0-cp311-cp311-manylinux_2_28_${machine}.whl`
const torchMetadata = [
  'Name: torch',
  'Requires-Dist: filelock',
  'Requires-Dist: cuda-toolkit[cublas,cudart]==13.0.3; platform_system == "Linux"',
  'Requires-Dist: nvidia-cudnn-cu13==9.20.0.48; platform_system == "Linux"',
  'Requires-Dist: triton==3.7.1; platform_system == "Linux" and python_version < "3.15"',
].join('\n')
const toolkitMetadata = [
  "Requires-Dist: nvidia-cublas==13.1.1.3.*; (sys_platform == 'linux') and extra == 'cublas'",
  "Requires-Dist: nvidia-cuda-nvrtc<14,>=13.0.88; (sys_platform == 'linux') and extra == 'cublas'",
  "Requires-Dist: nvidia-cuda-runtime==13.0.96.*; (sys_platform == 'linux') and extra == 'cudart'",
  "Requires-Dist: nvidia-cufft==12.0.0.61.*; (sys_platform == 'linux') and extra == 'cufft'",
].join('\n')

/** A project with one library in each of some versions. */
function library(project: string, ...versions: string[]): Record<string, Record<string, Uint8Array>> {
  const name = project.replaceAll('-', '_')
  const files = versions.map((version): [string, Uint8Array] => [
    `${name}-${version}-py3-none-manylinux2014_${machine}.manylinux_2_17_${machine}.whl`,
    zip({ [`nvidia/cu13/lib/lib${name}.so.13`]: version, 'nvidia/cu13/include/header.h': '' }),
  ])
  return { [project]: Object.fromEntries(files) }
}

const torchWheel = (metadata = torchMetadata) => {
  const { 'torch-2.13.0+cpu.dist-info/METADATA': _, ...files } = wheelFiles('2.13.0+cu130')
  return zip({ ...files, 'torch/lib/libtorch_cuda.so': 'cuda', 'torch-2.13.0.dist-info/METADATA': metadata })
}

const toolkitName = 'cuda_toolkit-13.0.3.0-py2.py3-none-any.whl'
const projects = {
  'cuda-toolkit': {
    [toolkitName]: zip({ 'cuda_toolkit-13.0.3.0.dist-info/METADATA': toolkitMetadata }),
    'cuda_toolkit-13.1.0-py2.py3-none-any.whl': zip({ 'cuda_toolkit-13.1.0.dist-info/METADATA': '' }),
  },
  ...library('nvidia-cublas', '13.1.0.3', '13.1.1.3'),
  ...library('nvidia-cuda-nvrtc', '13.0.88', '13.4.1', '14.0.1'),
  ...library('nvidia-cuda-runtime', '13.0.96'),
  ...library('nvidia-cudnn-cu13', '9.19.0.56', '9.20.0.48'),
}

let server: IndexServer
afterEach(() => server.close())

async function start(options: Partial<IndexServerOptions> = {}): Promise<string> {
  server = await startIndex({ files: { [torchName]: torchWheel() }, projects, format: 'html', ...options })
  return server.url
}

/** Installs without pip from this index alone. */
function install(
  url: string,
  cache: string,
  onProgress?: (progress: FetchProgress) => void,
  variable = 'PIP_INDEX_URL',
) {
  const none = { SEMPLES_TORCH_INDEX: undefined, PIP_INDEX_URL: undefined, PIP_EXTRA_INDEX_URL: undefined }
  const values = { SEMPLES_CACHE: cache, SEMPLES_LIBTORCH: undefined, PATH: temporaryFolder(), ...none }
  return withEnvironment({ ...values, [variable]: url }, () => installLibTorch({ kind: 'cuda', onProgress }))
}

const libraries = ['libnvidia_cublas', 'libnvidia_cuda_nvrtc', 'libnvidia_cuda_runtime', 'libnvidia_cudnn_cu13']

describe('CUDA without pip', () => {
  test.each([
    ['METADATA beside the wheels, sizes in the index', { format: 'json', sizes: true }, true],
    ['METADATA beside the wheels, sizes asked for', { format: 'html' }, true],
    ['METADATA in the wheels alone', { format: 'html' }, false],
  ] as const)('%s: torch and the libraries of this version', async (_, options, beside) => {
    const metadata: Record<string, string> = beside
      ? { [torchName]: torchMetadata, [toolkitName]: toolkitMetadata }
      : {}
    const cache = temporaryFolder()
    const seen: FetchProgress[] = []
    const installed = await install(await start({ ...options, metadata }), cache, (each) => seen.push(each))
    expect(installed).toMatchObject({ kind: 'cuda', version: '2.13.0+cu130', source: torchName })
    expect(readdirSync(join(installed.directory, 'nvidia/cu13/lib')).sort()).toEqual(
      libraries.map((each) => `${each}.so.13`),
    )
    expect(existsSync(join(installed.directory, 'nvidia/cu13/include'))).toBe(false)
    expect(readdirSync(join(cache, 'libtorch'))).toEqual([installed.name])
    const got = new Set(server.fileRequests().filter((each) => each.startsWith('GET ') && each.endsWith('.whl')))
    expect([...got].some((each) => each.includes('nvrtc-13.4.1'))).toBe(true)
    expect([...got].some((each) => each.includes('cublas-13.1.1.3'))).toBe(true)
    expect(got.size).toBe(beside ? 5 : 6)
    const together = seen.filter(({ message }) => message.includes('5 files'))
    const sizes = [torchWheel(), ...Object.entries(projects).flatMap(([project, files]) => chosen(project, files))]
    const totalBytes = sizes.reduce((sum, { length }) => sum + length, 0)
    expect(together[0]).toMatchObject({ totalBytes })
    expect(together.at(-1)).toMatchObject({ doneBytes: totalBytes, totalBytes })
  })

  test('what came before a failure is not fetched again', async () => {
    const cache = temporaryFolder()
    const failing: Serve = (file, request, response, count) =>
      count === 3 ? void response.writeHead(404).end() : answer(file, request, response, file.length)
    const metadata = { [torchName]: torchMetadata, [toolkitName]: toolkitMetadata }
    const url = await start({ format: 'json', sizes: true, metadata, serve: failing })
    await expect(install(url, cache)).rejects.toMatchObject({ code: 'SEMPLES_FETCH_FAILED' })
    const before = server.fileRequests().length
    const seen: FetchProgress[] = []
    await install(url, cache, (each) => seen.push(each))
    const again = server.fileRequests().slice(before)
    expect(again.filter((each) => each.endsWith('.whl'))).toHaveLength(2)
    expect(seen.some(({ message }) => /5 files, .* \(.* of them are there\)/.test(message))).toBe(true)
    expect(readdirSync(join(cache, 'libtorch'))).toEqual(['2.13.0+cu130'])
  })

  test('from a mirror of one page that has torch under its full version', async () => {
    const name = torchName.replace('2.13.0', '2.13.0+cu130')
    const url = await start({
      files: { [name]: torchWheel(), 'torch-2.13.0+cpu-cp311-cp311-linux.whl': torchWheel('') },
      flat: true,
    })
    const { source } = await install(url, temporaryFolder(), undefined, 'SEMPLES_TORCH_INDEX')
    expect(source).toBe(name)
  })

  test.each([
    [
      'a requirement that only pip understands',
      'Requires-Dist: nvidia-cublas~=13.1',
      /nvidia-cublas~=13\.1.*Install pip/s,
    ],
    ['a library that the index has not', 'Requires-Dist: nvidia-nccl==2.0', /nvidia-nccl/],
    ['a version that the index has not', 'Requires-Dist: nvidia-cublas==13.2', /no fitting version of nvidia-cublas/],
  ])('%s is said', async (_, line, message) => {
    const url = await start({ files: { [torchName]: torchWheel(line) } })
    await expect(install(url, temporaryFolder())).rejects.toMatchObject({
      code: 'SEMPLES_FETCH_FAILED',
      message: expect.stringMatching(message),
    })
  })
})

/** The newest version of each library below 14, by its name here. */
function chosen(project: string, files: Record<string, Uint8Array>): Uint8Array[] {
  if (project === 'cuda-toolkit') return []
  const fitting = Object.keys(files).filter((name) => !name.includes('-14.'))
  return [files[fitting.at(-1)!]!]
}
