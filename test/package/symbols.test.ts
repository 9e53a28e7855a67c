import { basename, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { prebuiltFiles } from '../../scripts/release/platforms.mjs'
import { machineOf, neededLibraries, neededSymbols, tooNew } from '../../scripts/release/symbols.mjs'
import { needs } from '../support/needs.js'
import { repository } from './packed.js'

const files: { platform: string; machine?: string; file: string }[] = prebuiltFiles(join(repository, 'prebuilds'))
const ofLinux = files.filter(({ machine }) => machine !== undefined)

needs('prebuild', 'linux').describe('prebuilt addons', () => {
  // Where there are none, all of it is skipped.
  test('there are some', () => expect(ofLinux.length).toBeGreaterThan(0))

  for (const { platform, machine, file } of ofLinux)
    describe(`${platform}/${basename(file)}`, () => {
      test('is for the machine of its folder', () => expect(machineOf(file)).toBe(machine))

      test('asks for no symbol that Debian 11 does not have', () => {
        const symbols = neededSymbols(file)
        expect(symbols.filter(({ version }) => version?.startsWith('GLIBC_')).length).toBeGreaterThan(0)
        expect(symbols.filter(({ version }) => version?.startsWith('GLIBCXX_')).length).toBeGreaterThan(0)
        expect(tooNew(symbols)).toEqual([])
      })

      test('asks for the libraries that it is given, and no others', () => {
        const libraries = neededLibraries(file) as string[]
        const system = /^(lib(c|m|dl|pthread|stdc\+\+|gcc_s)\.so\.\d+|ld-linux-[\w-]+\.so\.\d+)$/
        const others = libraries.filter((name) => !system.test(name)).sort()
        const loads = basename(file) === 'semples_loader.node' ? [] : ['libc10.so', 'libgomp.so.1', 'libtorch_cpu.so']
        expect(others).toEqual(loads)
      })
    })
})
