import { SemplesError } from '../base/error.js'
import type { ArchiveContents } from '../fetch/archive.js'

/** Libraries that serve Python or PyTorch's own tests. */
const unneeded = /^lib(torch_python|shm|torchbind_test|jitbackend_test|backend_with_compiler|aoti_custom_ops)\b/

/**
 * Where a file of a wheel or LibTorch archive goes in the installation, or undefined if neither building nor running the
 * addon needs it: Python sources, test programs, static libraries.
 */
export function placeInInstallation(name: string): string | undefined {
  const path = name.replace(/^libtorch\//, 'torch/')
  const parts = path.split('/')
  const file = parts.at(-1)!
  if (file === '') return undefined
  if (/^[^/]+\.dist-info\/(licenses\/|METADATA$|LICENSE|NOTICE)/.test(path)) return path
  if (parts[0] === 'nvidia' || parts[0] === 'torch.libs') return /\.so(\.|$)/.test(file) ? path : undefined
  if (parts[0] !== 'torch') return undefined
  if (parts.length === 2) return /^(version\.py|build-version|build-hash)$/.test(file) ? path : undefined
  if (parts[1] === 'lib')
    return parts.length === 3 && /\.so(\.|$)/.test(file) && !unneeded.test(file) ? path : undefined
  return parts[1] === 'include' || path.startsWith('torch/share/cmake/') ? path : undefined
}

/** What wheels and LibTorch archives are unpacked for. */
export const libTorchContents: ArchiveContents = {
  title: 'LibTorch',
  place: placeInInstallation,
  invalid: (archive, reason, cause) =>
    new SemplesError('SEMPLES_LIBTORCH_INVALID', {
      message: `${archive} cannot be unpacked: ${reason}.`,
      expected: 'a torch wheel or a LibTorch zip archive',
      cause,
    }),
}
