import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, expect, test } from '@jest/globals'
import { findLibTorch } from '../../lib/libtorch/find.js'
import { minorVersion } from '../../lib/libtorch/version.js'
import { definedSymbols, machineOf, neededSymbols, tooNew, unversionedSymbols } from '../../scripts/release/symbols.mjs'
import { needs } from '../support/needs.js'
import { repository } from './packed.js'

const ofNode = /^n(api|ode_api)_/

/** By name alone: it compiles the addon, half an hour on two cores. */
needs('build', 'cross').describe('the addon for linux-arm64, cross-compiled', () => {
  const libtorch = findLibTorch()
  const folder = join(repository, 'prebuilds/linux-arm64')
  const addon = join(folder, `torch${minorVersion(libtorch.version)}.glibc.node`)
  const loader = join(folder, 'semples_loader.node')

  beforeAll(() => {
    execFileSync(process.execPath, [join(repository, 'scripts/prebuild.mjs'), '--arch', 'arm64'], { stdio: 'inherit' })
  }, 7_200_000)

  test('is for that processor, and asks for nothing that Debian 11 does not have', () => {
    for (const file of [addon, loader]) {
      expect(machineOf(file)).toBe('AArch64')
      expect(tooNew(neededSymbols(file))).toEqual([])
    }
  })

  // Linked with empty libraries, it would ask for anything. Both processors have the same types, so the same names.
  test('asks LibTorch for nothing that the LibTorch of this machine does not have', () => {
    const names = unversionedSymbols(addon).filter((name) => !ofNode.test(name))
    expect(names.length).toBeGreaterThan(100)
    const given = ['libtorch_cpu.so', 'libc10.so'].map((name) => definedSymbols(join(libtorch.folder, 'lib', name)))
    expect(names.filter((name) => !given.some((each) => each.has(name)))).toEqual([])
  })

  test('its loader asks for Node-API alone', () => {
    expect(unversionedSymbols(loader).filter((name) => !ofNode.test(name))).toEqual([])
  })
})
