import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { zipSync } from 'fflate'

/** A folder of its own for one test. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'semples-native-'))
}

/** Writes files by relative path; folders are made as needed. */
export function writeFiles(folder: string, files: Record<string, string>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** What a torch wheel holds, in small: the files an installation needs and some that it does not. */
export function wheelFiles(version = '2.13.0+cpu'): Record<string, string> {
  return {
    'torch/version.py': `from typing import Optional\n__version__ = '${version}'\ncuda: Optional[str] = None\n`,
    'torch/__init__.py': 'raise SystemExit("executed")\n',
    'torch/lib/libc10.so': 'c10',
    'torch/lib/libgomp.so.1': 'gomp',
    'torch/lib/libtorch.so': 'torch',
    'torch/lib/libtorch_cpu.so': 'torch_cpu',
    'torch/lib/libtorch_python.so': 'python',
    'torch/lib/libshm/alloc_info.h': 'header',
    'torch/include/ATen/ATen.h': '// header\n',
    'torch/share/cmake/Torch/TorchConfig.cmake': '# cmake\n',
    'torch/bin/test_api': 'program',
    'torch-2.13.0+cpu.dist-info/METADATA': 'Name: torch\nRequires-Dist: sympy>=1.13.3\n',
    'functorch/__init__.py': '',
  }
}

/** What remains of `wheelFiles` in an installation. */
export const neededFiles = [
  'torch-2.13.0+cpu.dist-info/METADATA',
  'torch/include/ATen/ATen.h',
  'torch/lib/libc10.so',
  'torch/lib/libgomp.so.1',
  'torch/lib/libtorch.so',
  'torch/lib/libtorch_cpu.so',
  'torch/share/cmake/Torch/TorchConfig.cmake',
  'torch/version.py',
]

/** A zip archive in memory. */
export function zip(files: Record<string, string>): Uint8Array {
  return zipSync(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [name, new TextEncoder().encode(text)])),
  )
}

/** Runs a body with environment variables set or, for undefined, unset, and puts them back. */
export async function withEnvironment<T>(
  values: Record<string, string | undefined>,
  body: () => T | Promise<T>,
): Promise<T> {
  const before = Object.fromEntries(Object.keys(values).map((name) => [name, process.env[name]]))
  const set = (each: Record<string, string | undefined>) => {
    for (const [name, value] of Object.entries(each)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
  set(values)
  try {
    return await body()
  } finally {
    set(before)
  }
}
