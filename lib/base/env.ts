/** One environment variable that semples reads. */
export interface EnvironmentVariable {
  /** Its effect, in one sentence. */
  purpose: string
  /** The behaviour when it is unset. */
  fallback: string
}

/** Every environment variable that semples reads; nothing else in the package reads `SEMPLES_*` by itself. */
export const environmentVariables = {
  SEMPLES_LIBTORCH: {
    purpose: 'LibTorch to use: a LibTorch folder or the `torch` folder of a Python installation',
    fallback: 'the user cache, then the torch of the active python3',
  },
  SEMPLES_CACHE: {
    purpose: 'Folder in which `semples libtorch install` keeps LibTorch and `semples weights fetch` weights',
    fallback: 'the cache folder of the operating system ($XDG_CACHE_HOME/semples or ~/.cache/semples on Linux)',
  },
  SEMPLES_TORCH_INDEX: {
    purpose: 'Package index, or one page, with the builds of torch, asked before pip and all other indexes',
    fallback: 'pip as it is configured, then https://download.pytorch.org/whl/cpu; for CUDA PyPI',
  },
  SEMPLES_ADDON: {
    purpose: 'The addon (.node file) to load instead of the one that belongs to the package',
    fallback: 'build/Release in a clone, what `semples build` made, then prebuilds/<platform>-<architecture>',
  },
  SEMPLES_SYSROOT: {
    purpose:
      'System to build against in a clone: `debian11`, so that the addon runs on Debian 11 and whatever is newer',
    fallback: 'this machine; `npm run prebuild` sets it',
  },
  SEMPLES_DEBUG: {
    purpose: 'Any value: the command line prints where in the code an error arose',
    fallback: 'errors are printed in a sentence',
  },
  SEMPLES_PYTHON: {
    purpose: 'Python with torch and numpy for the tests that compare with them; empty: such tests are skipped',
    fallback: 'set by `npm test`',
  },
  SEMPLES_GOLDEN: {
    purpose: 'Folder of reference tensors for the golden tests',
    fallback: '../shared/golden, else test/golden',
  },
  SEMPLES_CHROMIUM: {
    purpose: 'Chromium or Chrome for the tests that open a report in a browser',
    fallback: 'the one on the PATH; such tests are skipped where there is none',
  },
  SEMPLES_TEST_DATA: {
    purpose: 'Folder of real pictures for the tests that use them',
    fallback: '../shared/data; such tests are skipped where it is absent',
  },
} as const satisfies Record<string, EnvironmentVariable>

export type EnvironmentName = keyof typeof environmentVariables

/** The value of a variable; an empty value counts as unset. Read at each call, so a program may set it before use. */
export function readEnvironment(
  name: EnvironmentName,
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  return environment[name] || undefined
}
