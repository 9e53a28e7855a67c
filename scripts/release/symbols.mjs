import { execFileSync } from 'node:child_process'

/** The newest symbol versions that Debian 11 has (glibc 2.31, libstdc++ and libgcc of GCC 10). */
export const newest = { GLIBC: '2.31', GLIBCXX: '3.4.28', CXXABI: '1.3.12' }

/**
 * What an ELF file of any machine takes from other libraries: `[{ name, version }]`, version e.g. `GLIBC_2.29`. Read by
 * readelf of binutils, for objdump knows the files of its own machine alone.
 * @returns {{ name: string, version: string }[]}
 */
export function neededSymbols(file) {
  const table = read(['--dyn-syms', '--wide', file])
  return Array.from(table.matchAll(/ UND (\S+?)@([A-Z]+_[\d.]+)\b/g), ([, name, version]) => ({ name, version }))
}

/**
 * Those that Debian 11 does not have.
 * @param {{ name: string, version: string }[]} symbols
 */
export function tooNew(symbols) {
  return symbols.filter(({ version }) => {
    const [family, number] = version.split('_')
    return newest[family] !== undefined && compare(number, newest[family]) > 0
  })
}

/**
 * Names that a file takes from elsewhere and that have no version: those of LibTorch and of Node-API.
 * @returns {string[]}
 */
export function unversionedSymbols(file) {
  return Array.from(read(['--dyn-syms', '--wide', file]).matchAll(/ GLOBAL \S+ +UND ([^\s@]+)$/gm), ([, name]) => name)
}

/**
 * Names that a library gives.
 * @returns {Set<string>}
 */
export function definedSymbols(file) {
  const table = read(['--dyn-syms', '--wide', file])
  return new Set(Array.from(table.matchAll(/ (?:GLOBAL|WEAK|UNIQUE) +\S+ +\d+ ([^\s@]+)/g), ([, name]) => name))
}

/** `AArch64` or `X86-64`, as readelf words it. */
export function machineOf(file) {
  return /Machine:.*?(AArch64|X86-64|\S+)$/m.exec(read(['--file-header', file]))?.[1]
}

/** Libraries that a file asks for, e.g. `libc10.so`. */
export function neededLibraries(file) {
  return Array.from(read(['--dynamic', '--wide', file]).matchAll(/\(NEEDED\).*\[(.+)\]/g), ([, name]) => name)
}

function read(parameters) {
  return execFileSync('readelf', parameters, { encoding: 'utf8', maxBuffer: 1e9, env: { ...process.env, LC_ALL: 'C' } })
}

function compare(left, right) {
  const [a, b] = [left, right].map((text) => text.split('.').map(Number))
  const at = a.findIndex((part, index) => part !== (b[index] ?? 0))
  return at === -1 ? 0 : a[at] - (b[at] ?? 0)
}
