import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { changelog } from '../../scripts/release/checks.mjs'
import { foreignLicences } from '../../scripts/release/licences.mjs'
import { missingAddons, versionsOf } from '../../scripts/release/platforms.mjs'
import { tooNew } from '../../scripts/release/symbols.mjs'
import { unwantedFiles } from '../../scripts/release/tarball.mjs'

test('symbols newer than Debian 11 are found, by number and not by letter', () => {
  const symbol = (version: string) => ({ name: 'f', version })
  const fine = ['GLIBC_2.31', 'GLIBC_2.4', 'GLIBC_2.2.5', 'GLIBCXX_3.4.28', 'GLIBCXX_3.4', 'GOMP_5.0', 'GCC_12.0.0']
  const newer = ['GLIBC_2.32', 'GLIBC_2.31.1', 'GLIBC_3', 'GLIBCXX_3.4.30', 'GLIBCXX_3.5', 'CXXABI_1.3.13']
  expect(tooNew([...fine, ...newer].map(symbol)).map(({ version }) => version)).toEqual(newer)
})

describe('the changelog', () => {
  test.each([
    ['# Changelog\n\n## 0.2.0 (2026-12-01)\n\n- New.\n\n## 0.1.0 (2026-11-01)\n', '0.2.0', true],
    ['# Changelog\n\n## 0.2.0 (unreleased)\n', '0.2.0', false],
    ['# Changelog\n\n## 0.2.0\n', '0.2.0', false],
    ['# Changelog\n\n## 0.3.0 (unreleased)\n\n## 0.2.0 (2026-12-01)\n', '0.2.0', false],
    ['', '0.2.0', false],
  ])('%j for version %s: %s', (text, version, fine) => {
    expect(!changelog(text, version).problem).toBe(fine)
  })
})

test('licences that are not allowed, or not stated, are found; development is left out', () => {
  const lock = {
    packages: {
      '': { license: 'Apache-2.0' },
      'node_modules/fine': { license: 'MIT' },
      'node_modules/both': { license: '(Apache-2.0 AND BSD-3-Clause)' },
      'node_modules/either': { license: '(GPL-3.0 OR MIT)' },
      'node_modules/@img/sharp-libvips-linux-x64': { license: 'LGPL-3.0-or-later', optional: true },
      'node_modules/tool': { license: 'GPL-3.0', dev: true },
      'node_modules/a/node_modules/@b/lgpl': { license: 'LGPL-3.0-or-later' },
      'node_modules/joined': { license: '(MIT AND GPL-3.0)' },
      'node_modules/silent': {},
    },
  }
  expect(foreignLicences(lock).map(({ name }) => name)).toEqual(['@b/lgpl', 'joined', 'silent'])
})

test('files that are not to be published are found', () => {
  const fine = ['dist/index.js', 'package.json', 'native/ops/register.cc', 'prebuilds/linux-x64/semples_loader.node']
  const unwanted = [
    'binding.gyp',
    'dist/.stamp',
    'prebuilds/linux-x64/libtorch_cpu.so',
    'lib/index.ts',
    '.npmrc',
    'a.pem',
  ]
  expect(unwantedFiles([...fine, ...unwanted])).toEqual(unwanted)
})

describe('platforms', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'semples-prebuilds-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))
  const put = (...names: string[]) => {
    for (const name of names) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), '')
    }
  }

  test('all are missing where there is no folder', () => {
    const platforms = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64']
    expect(missingAddons(join(folder, 'nowhere'), ['2.13'])).toEqual(
      platforms.map((platform) => ({ platform, versions: ['2.13'] })),
    )
  })

  test('an addon of another version, or without its loader, does not count', () => {
    put('linux-x64/semples_loader.node', 'linux-x64/torch2.13.glibc.node', 'linux-x64/torch2.14.glibc.node')
    put('linux-arm64/torch2.13.glibc.node')
    put('darwin-arm64/semples_loader.node', 'darwin-arm64/torch2.14.node')
    put('win32-x64/semples_loader.node', 'win32-x64/torch2.13.node')
    expect(versionsOf(folder, 'linux-x64')).toEqual(['2.13', '2.14'])
    expect(missingAddons(folder, ['2.13', '2.14'])).toEqual([
      { platform: 'linux-arm64', versions: ['2.13', '2.14'] },
      { platform: 'darwin-arm64', versions: ['2.13'] },
      { platform: 'win32-x64', versions: ['2.14'] },
    ])
  })
})
