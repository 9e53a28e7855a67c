import { describe, expect, test } from '@jest/globals'
import { paragraph } from '../../lib/doctor/finding.js'
import { judge } from '../../lib/doctor/judge.js'
import { factsWith, faults, finding, healthy, inOrder, onlyProcessor } from './fakes.js'

const libcuda = '/usr/lib/x86_64-linux-gnu/libcuda.so.1'
const noLibrary = { cuda: undefined, release: undefined, libraries: [], kernelModule: false }
const blind = { driver: 0, runtime: { cudaDevices: 0 } }

describe('machines on which all is well', () => {
  test.each([
    ['GPU, driver, CUDA build; no toolkit is needed', healthy()],
    ['processor alone', factsWith(onlyProcessor)],
    [
      'a toolkit without GPU',
      factsWith({ ...onlyProcessor, cuda: { ...onlyProcessor.cuda, toolkit: { version: '13.0', path: 'nvcc' } } }),
    ],
    [
      'musl with a LibTorch of its own that works',
      factsWith({ ...onlyProcessor, platform: { libc: 'musl', glibc: undefined } }),
    ],
  ])('%s', (_, facts) => {
    expect(faults(facts)).toEqual({})
    expect(inOrder(judge(facts))).toBe(true)
  })

  test('which addon and which LibTorch, where they are, why these', () => {
    const facts = factsWith({
      libtorch: { refused: [{ origin: 'cache', path: '/c/2.11.0+cpu', reason: 'it is version 2.11.0+cpu' }] },
    })
    expect(finding(facts, 'addon')).toMatchObject({
      text: 'for LibTorch 2.13, prebuilt, from the package',
      details: ['/app/a.node'],
    })
    expect(finding(facts, 'LibTorch')).toMatchObject({
      text: '2.13.0+cu130 (for CUDA 13.0), installed by semples libtorch install',
      details: [
        facts.libtorch.found!.folder,
        'passed over: cache /c/2.11.0+cpu (it is version 2.11.0+cpu)',
        'opens in 0.50 s',
      ],
    })
  })

  test('devices with memory and compute capability', () => {
    expect(finding(healthy(), 'devices')).toMatchObject({
      text: 'cpu, cuda:0',
      details: ['NVIDIA H100 80GB HBM3, 85.52 GB, compute capability 9.0'],
    })
  })
})

describe('driver against the CUDA of LibTorch', () => {
  const old = { driver: { cuda: '12.8', release: '570.86.15' } }

  test('a CUDA 12 driver does not run CUDA 13: a newer driver, or a torch for CUDA 12', () => {
    const found = faults(factsWith({ cuda: old, probe: { ...blind, driver: 12080 } }))
    expect(Object.keys(found)).toEqual(['CUDA driver'])
    expect(found['CUDA driver']).toMatchObject({
      state: 'warning',
      text: '570.86.15, for CUDA up to 12.8: too old for LibTorch 2.13, which is for CUDA 13.0',
      remedy: expect.stringMatching(/^Update the NVIDIA driver to 580 or newer .*torch for CUDA 12:$/),
      commands: [
        'python3 -m venv torch-cuda12',
        'torch-cuda12/bin/pip install "torch==2.13.*" --index-url https://download.pytorch.org/whl/cu126',
        expect.stringMatching(/^export SEMPLES_LIBTORCH=/),
      ],
    })
  })

  test('a CUDA 11 driver runs neither', () => {
    const cuda = { driver: { cuda: '11.4', release: '470.256.02' } }
    const found = faults(factsWith({ cuda, probe: { ...blind, driver: 11040 } }))['CUDA driver']
    expect(found?.remedy).toBe('Update the NVIDIA driver to 580 or newer (https://www.nvidia.com/drivers).')
    expect(found?.commands).toBeUndefined()
  })

  test('so it is said by its release alone, where no library could be asked', () => {
    const facts = factsWith({ cuda: { driver: { cuda: undefined, release: '570.86.15' } }, probe: undefined })
    expect(faults(facts)['CUDA driver']).toMatchObject({ text: expect.stringContaining('too old') })
  })

  test('a CUDA 13 driver runs CUDA 12', () => {
    const facts = factsWith({ libtorch: { cuda: '12.6', found: { version: '2.13.0+cu126' } } })
    expect(faults(facts)).toEqual({})
    expect(finding(facts, 'CUDA driver').text).toBe('580.65.06, for CUDA up to 13.0; LibTorch is for CUDA 12.6')
  })

  test('within a major version an older driver will do', () => {
    const facts = factsWith({ libtorch: { cuda: '12.6' }, cuda: { driver: { cuda: '12.0', release: '525.60.13' } } })
    expect(faults(facts)).toEqual({})
    expect(finding(facts, 'CUDA driver').text).toContain('every driver for CUDA 12 runs')
  })

  test('a library of newer CUDA over an older kernel module counts by its own word (forward compatibility)', () =>
    expect(faults(factsWith({ cuda: { driver: { cuda: '13.0', release: '535.183.01' } } }))).toEqual({}))

  test('a toolkit without GPU does not stand for a driver', () => {
    const cuda = { ...onlyProcessor.cuda, toolkit: { version: '13.0', path: 'nvcc' } }
    const found = faults(factsWith({ probe: blind, cuda }))
    expect(Object.keys(found)).toEqual(['CUDA driver'])
    expect(found['CUDA driver']).toMatchObject({
      state: 'warning',
      text: 'none, so this CUDA build uses the processor (a CUDA toolkit is there, which brings no driver)',
      remedy: expect.stringContaining('install the NVIDIA driver 580'),
    })
  })

  test('a GPU without driver, on Ubuntu with the package, in a container with the way to start it', () => {
    const without = (driver: object) =>
      faults(factsWith({ probe: blind, cuda: { driver: { ...noLibrary, ...driver }, gpus: [] } }))['CUDA driver']
    expect(without({ distribution: 'ubuntu' })?.commands).toEqual(['sudo apt install nvidia-driver-580'])
    expect(without({ distribution: 'debian' })?.remedy).toMatch(/^Install the NVIDIA driver 580 .*\.$/)
    expect(without({ container: true })?.commands).toEqual(['docker run --gpus all ...'])
  })

  test('a broken link to libcuda, an empty file in its place', () => {
    const broken = (state: 'broken' | 'empty', target?: string) =>
      faults(
        factsWith({
          probe: blind,
          cuda: { driver: { cuda: undefined, libraries: [{ path: libcuda, state, ...(target ? { target } : {}) }] } },
        }),
      )
    const found = broken('broken', '/usr/lib/libcuda.so.550')
    expect(Object.keys(found)).toEqual(['CUDA driver'])
    expect(found['CUDA driver']).toMatchObject({
      state: 'warning',
      text: 'libcuda.so.1 leads nowhere',
      details: [`${libcuda} is a broken link to /usr/lib/libcuda.so.550`],
      remedy: expect.stringContaining('Install the NVIDIA driver again'),
    })
    expect(broken('empty')['CUDA driver']?.details).toEqual([`${libcuda} is an empty file`])
  })

  test('a broken link is a remark where another library works, or nobody asks for a GPU', () => {
    const libraries = [{ path: libcuda, state: 'broken' as const, target: '/gone' }]
    for (const facts of [
      factsWith({ cuda: { driver: { libraries } } }),
      factsWith({
        ...onlyProcessor,
        cuda: { ...onlyProcessor.cuda, driver: { ...onlyProcessor.cuda.driver, libraries } },
      }),
    ]) {
      expect(faults(facts)).toEqual({})
      expect(finding(facts, 'CUDA driver').details).toEqual([`${libcuda} is a broken link to /gone`])
    }
  })

  test('a library that programs do not find: its folder is named', () => {
    const libraries = [{ path: '/opt/my driver/libcuda.so.1', state: 'file' as const }]
    const found = faults(factsWith({ probe: blind, cuda: { driver: { cuda: undefined, libraries } } }))
    expect(found['CUDA driver']?.commands).toEqual([
      `export LD_LIBRARY_PATH='/opt/my driver'\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}`,
    ])
  })

  test('library and kernel module of different versions: restart', () => {
    const smiProblem = 'Failed to initialize NVML: Driver/library version mismatch'
    const found = faults(factsWith({ probe: { runtime: { cudaDevices: 0 } }, cuda: { smiProblem, gpus: [] } }))
    expect(Object.keys(found)).toEqual(['CUDA driver'])
    expect(found['CUDA driver']?.commands).toEqual(['sudo reboot'])
  })
})

describe('WSL', () => {
  const wsl = { wsl: true, pciGpus: 0, kernelModule: false, distribution: 'ubuntu' }
  const path = '/usr/lib/wsl/lib/libcuda.so.1'

  test('with the driver of Windows all is well', () => {
    const facts = factsWith({ cuda: { driver: { ...wsl, libraries: [{ path, state: 'file' }] } } })
    expect(faults(facts)).toEqual({})
    expect(finding(facts, 'CUDA driver').text).toContain('the driver of Windows')
  })

  test.each([
    ['none', { ...noLibrary }, blind, /driver of Windows.*none inside WSL/],
    [
      'too old',
      { cuda: '12.8', libraries: [{ path, state: 'file' as const }] },
      blind,
      /driver of Windows to 580.*none inside WSL/,
    ],
    [
      'a broken link',
      { ...noLibrary, libraries: [{ path: libcuda, state: 'broken' as const, target: path }] },
      blind,
      /Let WSL link/,
    ],
  ])('%s: the remedy is one of Windows, never a Linux driver', (_, driver, probe, remedy) => {
    const found = faults(factsWith({ probe, cuda: { driver: { ...wsl, ...driver }, gpus: [] } }))['CUDA driver']
    expect(found?.remedy).toMatch(remedy)
    expect(found?.commands ?? []).not.toContainEqual(expect.stringContaining('apt'))
  })

  test('a driver that programs do not find', () => {
    const driver = { ...wsl, cuda: undefined, libraries: [{ path, state: 'file' as const }] }
    expect(faults(factsWith({ probe: blind, cuda: { driver } }))['CUDA driver']?.commands?.[0]).toMatch(
      /^export LD_LIBRARY_PATH=\/usr\/lib\/wsl\/lib/,
    )
  })
})

describe('devices', () => {
  test.each([
    ['', 'is empty'],
    ['7', 'is 7'],
  ])('CUDA_VISIBLE_DEVICES=%s hides every GPU', (visibleDevices, words) => {
    const found = faults(factsWith({ probe: { runtime: { cudaDevices: 0 } }, cuda: { visibleDevices } }))
    expect(Object.keys(found)).toEqual(['devices'])
    expect(found.devices).toMatchObject({
      state: 'warning',
      text: `cpu; CUDA_VISIBLE_DEVICES ${words}, which hides every GPU`,
      commands: ['unset CUDA_VISIBLE_DEVICES'],
    })
  })

  test('it is no matter where there is no GPU, or the one it names works', () => {
    expect(faults(factsWith({ ...onlyProcessor, cuda: { ...onlyProcessor.cuda, visibleDevices: '' } }))).toEqual({})
    expect(faults(factsWith({ cuda: { visibleDevices: '0' } }))).toEqual({})
  })

  test('a GPU beside a CPU build: the CUDA build', () => {
    const found = faults(
      factsWith({ libtorch: { found: { kind: 'cpu' }, cuda: undefined }, probe: { runtime: { cudaDevices: 0 } } }),
    )
    expect(Object.keys(found)).toEqual(['devices'])
    expect(found.devices?.commands).toEqual(['npx semples libtorch install --cuda'])
  })

  test('a GPU that CUDA 13 no longer serves', () => {
    const gpus = [{ name: 'Tesla V100', computeCapability: '7.0' }]
    expect(faults(factsWith({ cuda: { gpus } })).devices).toMatchObject({
      state: 'warning',
      text: 'cpu, cuda:0; CUDA 13.0 no longer serves Tesla V100',
      remedy: expect.stringMatching(/7\.5/),
    })
    expect(faults(factsWith({ cuda: { gpus }, libtorch: { cuda: '12.6' } })).devices).toBeUndefined()
  })

  test('a container that was started without its GPU, and a GPU that fails for reasons of its own', () => {
    const probe = { runtime: { cudaDevices: 0 } }
    const driver = { deviceFiles: false, container: true }
    expect(faults(factsWith({ probe, cuda: { driver, gpus: [] } })).devices?.commands).toEqual([
      'docker run --gpus all ...',
    ])
    const found = faults(factsWith({ probe, cuda: { gpus: [], smiProblem: 'No devices were found' } })).devices
    expect(found).toMatchObject({ details: ['nvidia-smi: No devices were found'], commands: ['nvidia-smi'] })
  })

  test('CUDA_HOME that names nothing', () => {
    const vainToolkit = { variable: 'CUDA_HOME', path: '/opt/cuda' }
    expect(faults(factsWith({ cuda: { vainToolkit } }))['CUDA toolkit']).toMatchObject({
      state: 'warning',
      details: ['/opt/cuda'],
      commands: ['unset CUDA_HOME'],
    })
  })
})

describe('LibTorch', () => {
  const reason = 'libcudart.so.13: cannot open shared object file: No such file or directory'

  test('half an installation: the processor works, and one line says what cuda lacks', () => {
    const facts = factsWith({ probe: { cudaProblem: reason, runtime: { cudaDevices: 0 } } })
    const found = faults(facts)
    expect(Object.keys(found)).toEqual(['LibTorch'])
    expect(found.LibTorch).toMatchObject({
      state: 'warning',
      text: expect.stringContaining('the processor works, cuda does not'),
      details: [`its CUDA libraries cannot be opened: ${reason}`, facts.libtorch.found!.folder],
      commands: ['npx semples libtorch install --cuda --force'],
    })
    expect(finding(facts, 'devices').text).toBe('cpu')
  })

  test('one that cannot be opened at all is a problem; what to do depends on where it came from', () => {
    const broken = (origin: 'cache' | 'python3' | 'SEMPLES_LIBTORCH') =>
      faults(
        factsWith({
          libtorch: { found: { origin } },
          abi: undefined,
          probe: { works: false, problem: 'Loading failed: bad ELF.', runtime: undefined },
        }),
      )
    expect(broken('cache').LibTorch).toMatchObject({
      state: 'problem',
      text: expect.stringMatching(/Loading failed: bad ELF$/),
      commands: ['npx semples libtorch install --cuda --force'],
    })
    expect(broken('python3').LibTorch?.commands).toEqual(['npx semples libtorch install --cuda'])
    expect(broken('SEMPLES_LIBTORCH').LibTorch?.commands?.[0]).toBe('unset SEMPLES_LIBTORCH')
    expect(Object.keys(broken('cache'))).toEqual(['LibTorch', 'devices'])
  })

  test('a library of the system that it lacks is named with its package', () => {
    const problem = 'Loading failed: libstdc++.so.6: cannot open shared object file: No such file or directory.'
    const facts = factsWith({ abi: undefined, probe: { works: false, problem, runtime: undefined } })
    expect(faults(facts).LibTorch?.commands).toEqual(['sudo apt-get install libstdc++6'])
  })

  test('one that fails in a current folder that was removed is not at fault itself', () => {
    const gone = { place: 'current folder' as const, folder: '/gone', writable: false, reason: 'ENOENT /gone' }
    const problem = 'Loading failed: Intel oneMKL FATAL ERROR.'
    const facts = factsWith({
      abi: undefined,
      probe: { works: false, problem, runtime: undefined },
      writeAccess: [gone],
    })
    expect(faults(facts).LibTorch?.commands).toEqual(['cd ~'])
  })

  test('SEMPLES_LIBTORCH that names none: no other is looked for until it is unset', () => {
    const refused = [{ origin: 'SEMPLES_LIBTORCH' as const, path: '/x', reason: 'it does not exist' }]
    const facts = factsWith({
      libtorch: { found: undefined, refused, cuda: undefined },
      probe: undefined,
      abi: undefined,
    })
    expect(faults(facts).LibTorch?.commands).toEqual(['unset SEMPLES_LIBTORCH', 'npx semples libtorch install'])
  })

  test('none: what was looked at, and the command', () => {
    const refused = [{ origin: 'python3' as const, path: 'python3', reason: 'it has no torch' }]
    const facts = factsWith({
      libtorch: { found: undefined, refused, cuda: undefined },
      probe: undefined,
      abi: undefined,
    })
    expect(paragraph(faults(facts).LibTorch!)).toBe(
      'LibTorch: 2.13 was not found (passed over: python3 (it has no torch)). Fetch it: npx semples libtorch install',
    )
  })
})

describe('the rest', () => {
  test('musl is refused, and no command is named that would fail', () => {
    const facts = factsWith({
      ...onlyProcessor,
      platform: { libc: 'musl', glibc: undefined },
      addon: {
        found: undefined,
        refused: [{ origin: 'prebuild', path: '/app/prebuilds/linux-x64', reason: 'it holds no addon' }],
      },
      libtorch: { found: undefined, refused: [], cuda: undefined },
      probe: undefined,
      abi: undefined,
    })
    expect(faults(facts).system).toMatchObject({
      state: 'problem',
      text: expect.stringMatching(/^linux-x64, musl: This Linux uses musl/),
      remedy: expect.stringContaining('node:22-bookworm-slim'),
    })
    expect(judge(facts).flatMap(({ commands = [] }) => commands)).not.toContainEqual(
      expect.stringContaining('libtorch install'),
    )
    expect(faults(facts).addon?.commands).toBeUndefined()
  })

  test('a Node without `require` of modules: too old, or between two lines of versions', () => {
    expect(faults(factsWith({ node: { version: '18.20.4' } })).Node).toMatchObject({
      state: 'problem',
      commands: ['nvm install 22'],
    })
    for (const version of ['20.9.0', '21.7.0', '22.11.0'])
      expect(faults(factsWith({ node: { version } })).Node).toBeDefined()
    for (const version of ['20.19.0', '20.20.0', '22.12.0', '26.0.0'])
      expect(faults(factsWith({ node: { version } }))).toEqual({})
  })

  test('an addon that is absent or cannot be loaded: the build from source', () => {
    const problem = `Loading failed: /lib/libc.so.6: version 'GLIBC_2.38' not found.`
    expect(faults(factsWith({ probe: { works: false, problem, runtime: undefined } })).addon).toMatchObject({
      state: 'problem',
      text: problem.replace(/\.$/, ''),
      commands: ['npx semples build'],
    })
    const clone = { build: 'npm run build' }
    expect(faults(factsWith({ addon: clone, probe: { works: false, problem } })).addon?.commands).toEqual([
      'npm run build',
    ])
    const refused = [{ origin: 'SEMPLES_ADDON' as const, path: '/x.node', reason: 'it does not exist' }]
    expect(faults(factsWith({ addon: { found: undefined, refused }, probe: undefined })).addon?.remedy).toContain(
      'unset SEMPLES_ADDON',
    )
  })

  test('more threads than a container may use; a number of threads that is none', () => {
    expect(faults(factsWith({ processors: { quota: 1.5 } })).threads).toMatchObject({
      state: 'warning',
      commands: ['export OMP_NUM_THREADS=2'],
    })
    expect(faults(factsWith({ processors: { ompNumThreads: 'many' } })).threads?.commands).toEqual([
      'unset OMP_NUM_THREADS',
    ])
    expect(faults(factsWith({ processors: { ompNumThreads: '4' }, probe: { runtime: { threads: 4 } } }))).toEqual({})
    expect(faults(factsWith({ openmp: ['/a/libgomp.so.1', '/b/libgomp.so.1'] })).threads?.text).toContain('two OpenMP')
  })

  test('little memory, of the machine or of a container', () => {
    expect(faults(factsWith({ memory: { availableBytes: 1e9 } })).memory?.remedy).toMatch(/^Close other programs/)
    const limited = { memory: { limitBytes: 3e9, usedOfLimitBytes: 2e9 }, cuda: { driver: { container: true } } }
    expect(faults(factsWith(limited)).memory).toMatchObject({
      text: expect.stringContaining('1.00 GB available of 32.00 GB, limited to 3.00 GB'),
      commands: ['docker run --memory 8g ...'],
    })
    expect(faults(factsWith({ memory: { limitBytes: 16e9, usedOfLimitBytes: 1e9 } }))).toEqual({})
  })

  const readOnlyHome = [
    { place: 'cache' as const, folder: '/home/ada/.cache/semples', writable: false, reason: 'EROFS /home/ada' },
    { place: 'current folder' as const, folder: '/home/ada/my photos', writable: true },
    { place: 'temporary folder' as const, folder: '/tmp', writable: true },
  ]

  test('a read-only home: a warning where all is installed', () => {
    const found = faults(factsWith({ writeAccess: readOnlyHome }))
    expect(Object.keys(found)).toEqual(['cache'])
    expect(found.cache).toMatchObject({
      state: 'warning',
      text: expect.stringContaining('it cannot be written (EROFS /home/ada)'),
      commands: [`export SEMPLES_CACHE='/home/ada/my photos/semples-cache'`],
    })
  })

  test('a read-only home without LibTorch: a problem, and the command to install names another folder first', () => {
    const [cache, current, temporary] = readOnlyHome
    const closed = { ...current!, writable: false, reason: 'EROFS /home/ada/my photos' }
    const facts = factsWith({
      ...onlyProcessor,
      libtorch: { found: undefined, refused: [], cuda: undefined },
      probe: undefined,
      writeAccess: [cache!, closed, temporary!],
    })
    expect(faults(facts).cache?.state).toBe('problem')
    expect(faults(facts).LibTorch?.commands).toEqual([
      'export SEMPLES_CACHE=/tmp/semples-cache',
      'npx semples libtorch install',
    ])
    expect(faults(facts)['write access']).toMatchObject({ state: 'warning', remedy: expect.stringContaining('--out') })
  })

  test('sharp without its compiled part', () => {
    expect(faults(factsWith({ sharp: { problem: 'Could not load the "sharp" module' } })).sharp).toMatchObject({
      state: 'problem',
      commands: ['npm install --include=optional sharp'],
    })
  })
})

test('a remedy ends in a colon where commands follow it, and only there', () => {
  const everything = factsWith({
    node: { version: '18.0.0' },
    addon: { found: undefined },
    libtorch: { found: undefined },
    probe: undefined,
    memory: { availableBytes: 1 },
    processors: { ompNumThreads: '-' },
    sharp: { problem: 'gone' },
    cuda: { driver: noLibrary, vainToolkit: { variable: 'CUDA_PATH', path: '/x' } },
    writeAccess: healthy().writeAccess.map((each) => ({ ...each, writable: false, reason: 'EACCES /' })),
  })
  const wrong = judge(everything).filter(({ state }) => state !== 'ok')
  expect(wrong.length).toBeGreaterThanOrEqual(11)
  for (const { remedy, commands } of wrong) expect(remedy).toMatch(commands === undefined ? /\.$/ : /:$/)
})
