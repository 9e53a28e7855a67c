import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Facts } from '../../lib/doctor/facts.js'
import { type Finding, type Subject, subjects } from '../../lib/doctor/finding.js'
import { judge } from '../../lib/doctor/judge.js'
import type { Machine, ProgramOutput } from '../../lib/native/machine.js'
import { temporaryFolder, writeFiles } from '../libtorch/folders.js'

type Changes<T> = {
  [K in keyof T]?: T[K] extends readonly unknown[]
    ? T[K]
    : T[K] extends object | undefined
      ? Changes<T[K]> | undefined
      : T[K]
}

/** Facts of a machine on which all is well: a CUDA 13 LibTorch, a driver for it, one GPU, no toolkit. */
export function healthy(): Facts {
  const folder = '/home/ada/.cache/semples/libtorch/2.13.0+cu130/torch'
  return {
    version: '0.1.0',
    node: { version: '22.12.0', wanted: '^20.19.0 || >=22.12.0', path: '/usr/bin/node' },
    platform: { system: 'linux', architecture: 'x64', libc: 'glibc', glibc: '2.36' },
    addon: {
      found: { origin: 'prebuild', file: '/app/a.node', loader: '/app/l.node', builtFor: '2.13' },
      refused: [{ origin: 'build', path: '/app/build/Release/semples.node', reason: 'it does not exist' }],
      versions: ['2.13'],
      build: 'npx semples build',
    },
    libtorch: {
      found: { origin: 'cache', folder, version: '2.13.0+cu130', kind: 'cuda', libraries: [], cudaLibraries: [] },
      refused: [],
      cuda: '13.0',
      named: false,
    },
    probe: {
      works: true,
      mapped: [],
      driver: 13000,
      seconds: 0.5,
      runtime: { torch: '2.13.0', cudaDevices: 1, threads: 8 },
    },
    abi: '2.13',
    openmp: ['/x/libgomp.so.1'],
    cuda: {
      driver: {
        cuda: '13.0',
        release: '580.65.06',
        libraries: [{ path: '/usr/lib/x86_64-linux-gnu/libcuda.so.1', state: 'file' }],
        pciGpus: 1,
        kernelModule: true,
        deviceFiles: true,
        wsl: false,
        container: false,
        distribution: 'debian',
      },
      gpus: [{ name: 'NVIDIA H100 80GB HBM3', memoryBytes: 85_520_809_984, computeCapability: '9.0' }],
    },
    kernels: {
      found: {
        file: '/app/prebuilds/linux-x64/cuda13/semples_cuda.so',
        cuda: 13,
        architectures: ['7.5', '8.0', '8.6', '8.9', '9.0', '10.0', '12.0'],
        ptx: ['12.0'],
      },
      looked: ['/app/prebuilds/linux-x64/cuda13'],
    },
    processors: { processors: 8 },
    memory: { totalBytes: 32e9, availableBytes: 20e9 },
    cache: { folder: '/home/ada/.cache/semples', named: false, bytes: 5e9, freeBytes: 100e9, libtorch: [] },
    sharp: { sharp: '0.35.5', vips: '8.18.7' },
    writeAccess: [
      { place: 'cache', folder: '/home/ada/.cache/semples', writable: true },
      { place: 'current folder', folder: '/home/ada/photos', writable: true },
      { place: 'temporary folder', folder: '/tmp', writable: true },
    ],
  }
}

/** Facts that differ from the healthy ones; `undefined` takes a fact away, lists are replaced. */
export function factsWith(changes: Changes<Facts>): Facts {
  return changed(healthy(), changes) as Facts
}

function changed(value: unknown, change: unknown): unknown {
  if (typeof change !== 'object' || change === null || Array.isArray(change)) return change
  const result: Record<string, unknown> = { ...(value as Record<string, unknown>) }
  for (const [key, each] of Object.entries(change)) {
    if (each === undefined) delete result[key]
    else result[key] = changed(result[key], each)
  }
  return result
}

/** What a machine has that lacks GPU, driver and CUDA build. */
export const onlyProcessor = {
  libtorch: { found: { kind: 'cpu', version: '2.13.0+cpu' }, cuda: undefined },
  kernels: { found: undefined, problem: 'this LibTorch is a CPU build', looked: [] },
  probe: { driver: 0, runtime: { cudaDevices: 0 } },
  cuda: {
    driver: { cuda: undefined, release: undefined, libraries: [], pciGpus: 0, kernelModule: false, deviceFiles: false },
    gpus: [],
  },
} as const satisfies Changes<Facts>

/** The findings that are not in order, by subject. */
export function faults(facts: Facts): Partial<Record<Subject, Finding>> {
  return Object.fromEntries(judge(facts).flatMap((each) => (each.state === 'ok' ? [] : [[each.subject, each]])))
}

/** The finding of one subject. */
export function finding(facts: Facts, subject: Subject): Finding {
  return judge(facts).find((each) => each.subject === subject)!
}

/** Whether every subject has its line, in their order. */
export function inOrder(findings: readonly Finding[]): boolean {
  const names = [...new Set(findings.map(({ subject }) => subject))]
  return names.length === subjects.length && names.every((name, index) => name === subjects[index])
}

/** A root folder with files and links (absolute targets are meant from that root), and programs that answer. */
export function machineWith(
  files: Record<string, string>,
  { links = {}, programs = {}, environment = {} }: Partial<MachineParts> = {},
): Machine & { started: string[][] } {
  const root = writeFiles(temporaryFolder(), files)
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    symlinkSync(target, join(root, path))
  }
  const started: string[][] = []
  const run = async (program: string, words: string[]): Promise<ProgramOutput> => {
    started.push([program, ...words])
    return programs[program.replace(root, '')] ?? { text: `spawn ${program} ENOENT`, absent: true }
  }
  return { root, environment, run, started }
}

interface MachineParts {
  links: Record<string, string>
  programs: Record<string, ProgramOutput>
  environment: NodeJS.ProcessEnv
}
