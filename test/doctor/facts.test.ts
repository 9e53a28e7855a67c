import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { readDriver } from '../../lib/doctor/facts/driver.js'
import { tryToWrite } from '../../lib/doctor/facts/folders.js'
import { readMemory, readProcessors } from '../../lib/doctor/facts/hardware.js'
import { readSharp } from '../../lib/doctor/facts/sharp.js'
import { readToolkit } from '../../lib/doctor/facts/toolkit.js'
import { readTorchCuda } from '../../lib/libtorch/torchCuda.js'
import { askGpus, readGpus } from '../../lib/native/gpus.js'
import { thisMachine } from '../../lib/native/machine.js'
import { temporaryFolder, wheelFiles, writeFiles } from '../libtorch/folders.js'
import { machineWith } from './fakes.js'

describe('the driver, by its files', () => {
  const debian = 'usr/lib/x86_64-linux-gnu'

  test('of a machine without NVIDIA', () => {
    const machine = machineWith({
      'sys/bus/pci/devices/0000:00:02.0/vendor': '0x8086\n',
      'sys/bus/pci/devices/0000:00:02.0/class': '0x030000\n',
      'proc/sys/kernel/osrelease': '6.1.0-18-amd64\n',
    })
    const nothing = { libraries: [], pciGpus: 0, kernelModule: false, deviceFiles: false, wsl: false, container: false }
    expect(readDriver(machine)).toEqual(nothing)
    expect(readDriver(machineWith({}))).toEqual(nothing)
  })

  test('of a machine with a GPU: its release, its GPUs, its library through links', () => {
    const machine = machineWith(
      {
        'proc/driver/nvidia/version':
          'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (dvs)\nGCC version: 12\n',
        'sys/bus/pci/devices/0000:01:00.0/vendor': '0x10de\n',
        'sys/bus/pci/devices/0000:01:00.0/class': '0x030200\n',
        // Its sound, which is no GPU.
        'sys/bus/pci/devices/0000:01:00.1/vendor': '0x10de\n',
        'sys/bus/pci/devices/0000:01:00.1/class': '0x040300\n',
        'dev/nvidiactl': '',
        'etc/os-release': 'PRETTY_NAME="Ubuntu 24.04"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian\n',
        [`${debian}/nvidia/current/libcuda.so.580.65.06`]: 'ELF',
      },
      {
        links: {
          [`${debian}/libcuda.so.1`]: '/etc/alternatives/cuda',
          'etc/alternatives/cuda': `/${debian}/nvidia/current/libcuda.so.580.65.06`,
        },
      },
    )
    expect(readDriver(machine)).toEqual({
      release: '580.65.06',
      libraries: [{ path: `/${debian}/libcuda.so.1`, state: 'file' }],
      pciGpus: 1,
      kernelModule: true,
      deviceFiles: true,
      wsl: false,
      container: false,
      distribution: 'ubuntu',
    })
  })

  test('the older words of the kernel module', () => {
    const version = 'NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024\n'
    expect(readDriver(machineWith({ 'proc/driver/nvidia/version': version })).release).toBe('535.183.01')
  })

  test('a broken link, a circle of links, an empty file', () => {
    const machine = machineWith(
      { 'usr/lib64/libcuda.so.1': '' },
      {
        links: {
          [`${debian}/libcuda.so.1`]: 'libcuda.so.550.54.15',
          'usr/lib/libcuda.so.1': 'libcuda.so.1',
        },
      },
    )
    expect(readDriver(machine).libraries).toEqual([
      { path: `/${debian}/libcuda.so.1`, state: 'broken', target: `/${debian}/libcuda.so.550.54.15` },
      { path: '/usr/lib64/libcuda.so.1', state: 'empty' },
      { path: '/usr/lib/libcuda.so.1', state: 'broken', target: '/usr/lib/libcuda.so.1' },
    ])
  })

  test('WSL keeps it in a folder of its own; LD_LIBRARY_PATH may name others', () => {
    const machine = machineWith(
      {
        'proc/sys/kernel/osrelease': '5.15.153.1-microsoft-standard-WSL2\n',
        'usr/lib/wsl/lib/libcuda.so.1': 'ELF',
        'opt/compat/libcuda.so.1': 'ELF',
        'dev/dxg': '',
      },
      { environment: { LD_LIBRARY_PATH: '/opt/compat::relative' } },
    )
    expect(readDriver(machine)).toMatchObject({
      wsl: true,
      deviceFiles: true,
      libraries: [{ path: '/opt/compat/libcuda.so.1' }, { path: '/usr/lib/wsl/lib/libcuda.so.1' }],
    })
  })
})

describe('GPUs, as nvidia-smi lists them', () => {
  const line = 'NVIDIA H100 80GB HBM3, 81559 MiB, 9.0, 580.65.06\n'

  test('name, memory, compute capability; the driver', () => {
    expect(readGpus({ status: 0, text: `${line}Quadro, the old one, [N/A], [N/A], 580.65.06\n` })).toEqual({
      gpus: [
        { name: 'NVIDIA H100 80GB HBM3', memoryBytes: 81559 * 2 ** 20, computeCapability: '9.0' },
        { name: 'Quadro, the old one' },
      ],
      release: '580.65.06',
    })
  })

  test('what it says where it fails', () => {
    const text = 'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.65\n'
    expect(readGpus({ status: 18, text })).toEqual({
      gpus: [],
      smiProblem: 'Failed to initialize NVML: Driver/library version mismatch',
    })
    expect(readGpus({ status: 0, text: 'No devices were found\n' })).toEqual({
      gpus: [],
      smiProblem: 'No devices were found',
    })
    expect(readGpus({ status: 0, text: '' }).smiProblem).toBeDefined()
  })

  test('it is started by a list of arguments, in WSL from the folder of the driver; absent, nothing is wrong', async () => {
    expect(await askGpus(machineWith({}))).toEqual({ gpus: [] })
    const wsl = machineWith({}, { programs: { '/usr/lib/wsl/lib/nvidia-smi': { status: 0, text: line } } })
    expect((await askGpus(wsl)).gpus).toHaveLength(1)
    expect(wsl.started[0]).toEqual([
      'nvidia-smi',
      '--query-gpu=name,memory.total,compute_cap,driver_version',
      '--format=csv,noheader',
    ])
  })
})

describe('the CUDA toolkit', () => {
  const nvcc = {
    status: 0,
    text: 'nvcc: NVIDIA (R) Cuda compiler driver\nCuda compilation tools, release 13.0, V13.0.88\n',
  }
  const json = JSON.stringify({ cuda: { name: 'CUDA SDK', version: '12.6.20240918' } })

  test('none', async () => expect(await readToolkit(machineWith({}))).toEqual({}))

  test('CUDA_HOME, then the PATH, then /usr/local/cuda', async () => {
    const files = { 'opt/cuda/version.json': json, 'usr/local/cuda/version.json': json.replace('12.6', '11.8') }
    const programs = { nvcc }
    const environment = { CUDA_HOME: '/opt/cuda' }
    expect(await readToolkit(machineWith(files, { programs, environment }))).toEqual({
      toolkit: { version: '12.6', path: '/opt/cuda' },
    })
    expect(await readToolkit(machineWith(files, { programs }))).toEqual({ toolkit: { version: '13.0', path: 'nvcc' } })
    expect(await readToolkit(machineWith(files))).toEqual({ toolkit: { version: '11.8', path: '/usr/local/cuda' } })
  })

  test('a folder without version.json is asked by its own compiler; one without compiler is said to be named in vain', async () => {
    const programs = { '/opt/cuda/bin/nvcc': nvcc }
    const environment = { CUDA_HOME: '/opt/cuda' }
    expect(await readToolkit(machineWith({ 'opt/cuda/bin/nvcc': '' }, { programs, environment }))).toMatchObject({
      toolkit: { version: '13.0' },
    })
    expect(await readToolkit(machineWith({}, { environment }))).toEqual({
      vainToolkit: { variable: 'CUDA_HOME', path: '/opt/cuda' },
    })
  })
})

describe('the CUDA of a LibTorch', () => {
  const cudaOf = (files: Record<string, string>, version = '2.13.0') =>
    readTorchCuda({ folder: join(writeFiles(temporaryFolder(), files), 'torch'), kind: 'cuda', version })

  test('stands in version.py, in the version, or in the name of the runtime beside it', () => {
    expect(cudaOf({ 'torch/version.py': `cuda: Optional[str] = '13.0'\n` }, '2.13.0+cu126')).toBe('13.0')
    expect(cudaOf({ 'torch/version.py': `__version__ = '2'\ncuda = "12.6"\n` })).toBe('12.6')
    expect(cudaOf({ 'torch/version.py': 'cuda: Optional[str] = None\n' }, '2.13.0+cu126')).toBe('12.6')
    expect(cudaOf({ 'nvidia/cu13/lib/libcudart.so.13': '' })).toBe('13')
    expect(cudaOf({ 'torch/lib/libcudart-9335f6a2.so.12': '' })).toBe('12')
    expect(cudaOf({})).toBeUndefined()
  })

  test('is none for a CPU build', () => {
    const folder = join(writeFiles(temporaryFolder(), wheelFiles()), 'torch')
    expect(readTorchCuda({ folder, kind: 'cpu', version: '2.13.0+cpu' })).toBeUndefined()
  })
})

describe('processors and memory', () => {
  test('what can still be taken, and the limit of a container', () => {
    const machine = machineWith({
      'proc/meminfo': 'MemTotal:       1000 kB\nMemFree:          10 kB\nMemAvailable:    500 kB\n',
      'proc/self/cgroup': '0::/\n',
      'sys/fs/cgroup/memory.max': '400000\n',
      'sys/fs/cgroup/memory.current': '100000\n',
      'sys/fs/cgroup/cpu.max': '100000 100000\n',
    })
    expect(readMemory(machine)).toEqual({
      totalBytes: 1_024_000,
      availableBytes: 512_000,
      limitBytes: 400_000,
      usedOfLimitBytes: 100_000,
    })
    expect(readProcessors({ ...machine, environment: { OMP_NUM_THREADS: '3' } })).toMatchObject({
      quota: 1,
      ompNumThreads: '3',
    })
  })

  test('systems without /proc are asked by Node', () => {
    const { totalBytes, availableBytes } = readMemory(machineWith({}))
    expect(availableBytes).toBeGreaterThan(0)
    expect(totalBytes).toBeGreaterThanOrEqual(availableBytes)
  })
})

describe('programs that are started', () => {
  const { run } = thisMachine({ PATH: process.env.PATH })

  test('status and text, or that there is no such program', async () => {
    const both = `console.log('out'); console.error('err'); process.exit(3)`
    expect(await run(process.execPath, ['-e', both])).toEqual({ status: 3, text: 'out\nerr\n' })
    expect(await run('no-such-program', [])).toMatchObject({ absent: true })
  })
})

test('sharp: its versions, or the first line of why it cannot be loaded', async () => {
  expect(await readSharp()).toEqual({ sharp: expect.stringMatching(/^\d/), vips: expect.stringMatching(/^\d/) })
  const fail = () =>
    Promise.reject(new Error('Could not load the "sharp" module using the linux-x64 runtime\nPossible'))
  expect(await readSharp(fail)).toEqual({ problem: 'Could not load the "sharp" module using the linux-x64 runtime' })
})

describe('write access', () => {
  test('a folder that does not exist yet is tried in its nearest parent, and nothing is left', async () => {
    const root = temporaryFolder()
    expect(await tryToWrite('cache', join(root, 'a/b'))).toEqual({
      place: 'cache',
      folder: join(root, 'a/b'),
      writable: true,
    })
    expect((await import('node:fs')).readdirSync(root)).toEqual([])
  })

  test('a current folder that was removed takes nothing', async () => {
    const folder = join(temporaryFolder(), 'gone')
    expect(await tryToWrite('current folder', folder)).toMatchObject({ writable: false, reason: `ENOENT ${folder}` })
  })

  test('a file in the way', async () => {
    const root = writeFiles(temporaryFolder(), { file: '' })
    expect(await tryToWrite('cache', join(root, 'file/cache'))).toMatchObject({
      writable: false,
      reason: expect.stringContaining('ENOTDIR'),
    })
  })
})
