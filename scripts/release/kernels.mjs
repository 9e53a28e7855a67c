import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { definedSymbols, machineOf, neededLibraries, neededSymbols, tooNew } from './symbols.mjs'

/**
 * What a library of kernels holds: compute capabilities of its machine code and of its PTX, each that every part of the
 * library has. Read from the headers in its section .nv_fatbin, which NVIDIA does not describe: `listedKernels` says the
 * same where cuobjdump is there.
 * @returns {{ architectures: string[], ptx: string[] }}
 */
export function compiledKernels(file) {
  const parts = fatBinaries(fatSection(file))
  const ofAll = (kind) =>
    sorted((parts[0]?.[kind] ?? []).filter((each) => parts.every((part) => part[kind].includes(each))))
  return { architectures: ofAll('cubin'), ptx: ofAll('ptx') }
}

/** The same by cuobjdump of NVIDIA's toolkit; undefined where there is none. */
export function listedKernels(file, program = 'cuobjdump') {
  const names = (option, pattern) => {
    const { status, stdout } = spawnSync(program, [option, file], { encoding: 'utf8' })
    return status === 0 ? sorted(Array.from(stdout.matchAll(pattern), ([, number]) => dotted(number))) : undefined
  }
  const architectures = names('--list-elf', /\.sm_(\d+)\.cubin/g)
  return architectures && { architectures, ptx: names('--list-ptx', /\.sm_(\d+)\.ptx/g) ?? [] }
}

/**
 * The functions that headers native/ops/<operator>/cuda/<operator>_cuda.h name.
 * @returns {string[]}
 */
export function kernelFunctions(root) {
  const ops = join(root, 'native', 'ops')
  const headers = readdirSync(ops)
    .map((name) => join(ops, name, 'cuda', `${name}_cuda.h`))
    .filter((header) => existsSync(header))
  return headers.flatMap((header) => /Symbol = "(\w+)"/.exec(readFileSync(header, 'utf8'))?.[1] ?? []).sort()
}

/** What keeps a library of kernels from being published, a sentence each. */
export function kernelProblems(file, root) {
  const libraries = neededLibraries(file)
  const exported = [...definedSymbols(file)].sort()
  const { cuda, architectures, ptx } = JSON.parse(readFileSync(join(file, '..', 'cuda.json'), 'utf8'))
  const inside = listedKernels(file) ?? compiledKernels(file)
  const newer = tooNew(neededSymbols(file)).map(({ name, version }) => `${name} (${version})`)
  const foreign = libraries.filter((name) => !/^lib(cudart|stdc\+\+|gcc_s|c|m|dl|rt|pthread)\.so\.\d+$/.test(name))
  return [
    machineOf(file) !== 'X86-64' && `it is for ${machineOf(file)}`,
    !libraries.includes(`libcudart.so.${cuda}`) && `it does not ask for libcudart.so.${cuda}: CUDA's runtime is inside`,
    foreign.length > 0 && `it asks for ${foreign.join(', ')}`,
    `${exported}` !== `${kernelFunctions(root)}` && `it gives ${exported.join(', ') || 'no function'}`,
    newer.length > 0 && `it asks for what Debian 11 has not: ${newer.slice(0, 3).join(', ')}`,
    `${architectures} ${ptx}` !== `${inside.architectures} ${inside.ptx}` &&
      'cuda.json names other kernels than it has',
  ].filter(Boolean)
}

/**
 * Whether the library of kernels for GPUs could be published, for scripts/release/checks.mjs. Needs neither nvcc nor
 * cuobjdump: where the latter is missing, what is inside is read from the file alone.
 */
export function kernelCheck(root, { allowMissing = false } = {}) {
  const file = join(root, 'prebuilds', 'linux-x64', 'cuda13', 'semples_cuda.so')
  const remedy = "npm run prebuild -- --cuda, where nvcc of NVIDIA's CUDA toolkit 13 is; no GPU is needed"
  if (!existsSync(file)) {
    return { name: 'kernels for GPUs', problem: !allowMissing && 'missing', remedy, fine: 'missing, which is allowed' }
  }
  const problem = kernelProblems(file, root).join('; ')
  if (problem) return { name: relative(root, file), problem, remedy }
  const { architectures, ptx } = compiledKernels(file)
  const by = listedKernels(file) === undefined ? '; there is no cuobjdump to compare with' : ', as cuobjdump says'
  return { name: relative(root, file), remedy, fine: `for ${architectures.join(', ')}, PTX of ${ptx.join(', ')}${by}` }
}

function fatSection(file) {
  const sections = execFileSync('readelf', ['--section-headers', '--wide', file], { encoding: 'utf8' })
  const found = /\.nv_fatbin\s+\S+\s+[0-9a-f]+\s+([0-9a-f]+)\s+([0-9a-f]+)/.exec(sections)
  if (found === null) throw new Error(`${file} holds no kernels for GPUs: it has no section .nv_fatbin.`)
  const [offset, bytes] = found.slice(1).map((number) => Number.parseInt(number, 16))
  return readFileSync(file).subarray(offset, offset + bytes)
}

/** A header of 16 bytes with the size of what follows: images, each behind a header with its kind, sizes, capability. */
function fatBinaries(section) {
  const parts = []
  for (let at = 0; at + 16 <= section.length; ) {
    if (section.readUInt32LE(at) !== 0xba55ed50) {
      at += 4
      continue
    }
    const part = { ptx: [], cubin: [] }
    let image = at + section.readUInt16LE(at + 6)
    const end = image + Number(section.readBigUInt64LE(at + 8))
    while (image < end) {
      const kind = { 1: 'ptx', 2: 'cubin' }[section.readUInt16LE(image)]
      if (kind !== undefined) part[kind].push(dotted(section.readUInt32LE(image + 28)))
      image += section.readUInt32LE(image + 4) + Number(section.readBigUInt64LE(image + 8))
    }
    parts.push(part)
    at = end
  }
  return parts
}

/** `9.0` of 90. */
const dotted = (number) => (Number(number) / 10).toFixed(1)
const sorted = (numbers) => [...new Set(numbers)].sort((a, b) => a - b)
