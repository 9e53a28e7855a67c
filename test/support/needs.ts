import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from '@jest/globals'
import { packageFolder } from '../../lib/base/package.js'
import { onPath } from '../../lib/base/program.js'
import { searchAddons } from '../../lib/native/addonFile.js'
import { searchNative } from '../../lib/native/choose.js'
import { findNvcc } from '../../scripts/steps/cuda.mjs'
import { findChromium } from './chromium.js'
import { python } from './python.js'
import { pictureFolder } from './realPictures.js'
import { canSanitize } from './sanitizers.js'
import { mountTinyDisk } from './tinyDisk.js'
import { findTorchWheel } from './torchWheel.js'

/** What a test may need and a machine may lack; requirements.json says what is printed, and how it is installed. */
const present = {
  chromium: () => findChromium() !== undefined,
  python: () => python !== '',
  pycocotools: () => python !== '' && spawnSync(python, ['-c', 'import pycocotools.coco']).status === 0,
  sanitizers: canSanitize,
  build: () =>
    searchNative().addon.found !== undefined &&
    searchNative().libtorch.found !== undefined &&
    existsSync(join(packageFolder(), 'dist/index.js')),
  pictures: () => existsSync(pictureFolder),
  photographs: () => existsSync(join(pictureFolder, 'photos')),
  prebuild: () => searchAddons().candidates.some(({ origin }) => origin === 'prebuild'),
  registry: hasRegistry,
  debian11: () => process.getuid?.() === 0 && process.arch === 'x64' && onPath('debootstrap') !== undefined,
  openssl: () => spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0,
  torchWheel: () => findTorchWheel() !== undefined,
  cross: () => process.arch === 'x64' && spawnSync('aarch64-linux-gnu-g++', ['--version']).status === 0,
  nvcc: () => process.platform === 'linux' && process.arch === 'x64' && findNvcc() !== undefined,
  linux: () => process.platform === 'linux',
  mount: canMount,
}

export type Need = keyof typeof present

/** One entry of requirements.json, which scripts read too. */
export interface Requirement {
  /** The reason for which tests are skipped, without brackets. */
  missing: string
  /** How a person mends it; absent where nothing can be installed. */
  install?: string
  /** Debian packages that bring it. */
  debian?: string[]
  /** Any of these programs on the PATH will do. */
  programs?: string[]
}

export const requirements: Record<Need | 'golden', Requirement> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'requirements.json'), 'utf8'),
)

/**
 * `describe` and `test` for what needs something that a machine may lack. Where it is missing they are skipped with the
 * reason in their title, by which `npm test` counts them.
 */
export function needs(...wanted: Need[]) {
  return unless(wanted.find((need) => !present[need]()))
}

/** The same for reference tensors, of which a folder may hold only some. */
export function needsGolden(isPresent: boolean) {
  return unless(isPresent ? undefined : 'golden')
}

function unless(lacking: keyof typeof requirements | undefined) {
  const because = (title: string) => (lacking ? `${title} (skipped: ${requirements[lacking].missing})` : title)
  const block = lacking ? describe.skip : describe
  return {
    isPresent: lacking === undefined,
    describe(title: string, body: () => void): void {
      block(because(title), body)
    },
    /** A block for each case; `%s` in the title is the case. */
    describeEach<T>(cases: readonly T[]) {
      return (title: string, body: (value: T) => void): void => {
        for (const value of cases) block(because(title.replace('%s', String(value))), () => body(value))
      }
    },
    test(title: string, body: () => void | Promise<void>, timeout?: number): void {
      const one = lacking ? test.skip : test
      one(because(title), body, timeout)
    },
  }
}

/** Whether npm can look a package up. */
function hasRegistry(): boolean {
  const child = spawnSync('npm', ['view', 'semver', 'version', '--fetch-retries=0', '--fetch-timeout=10000'], {
    stdio: 'ignore',
    timeout: 20_000,
  })
  return child.status === 0
}

function canMount(): boolean {
  const disk = mountTinyDisk(16)
  disk?.remove()
  return disk !== undefined
}
