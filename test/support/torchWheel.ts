import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { torchVersion } from '../../lib/libtorch/version.js'

/** The CPU wheel of torch in a folder that pip is configured to look into; the network is not asked. */
export function findTorchWheel(): string | undefined {
  const { stdout } = spawnSync(
    'python3',
    [
      ...['-m', 'pip', 'install', '--dry-run', '--quiet', '--no-index', '--no-deps', '--ignore-installed'],
      // As semples asks for it, whatever this Python is.
      ...['--target=/nowhere', '--python-version=3.11', '--implementation=cp', '--only-binary=:all:'],
      ...[`--platform=manylinux_2_28_${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}`, '--report=-'],
      `torch==${torchVersion}+cpu`,
    ],
    { encoding: 'utf8', timeout: 20_000, stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const url = /"url":\s*"(file:[^"]+)"/.exec(stdout ?? '')?.[1]
  const file = url === undefined ? undefined : fileURLToPath(url)
  return file !== undefined && existsSync(file) ? file : undefined
}
