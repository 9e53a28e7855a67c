import { ensurePackages } from './packages.mjs'

/** Everything that a clone needs before its code can run: npm packages, dist/, LibTorch, build/Release. */
export async function build() {
  ensurePackages()
  await compileAll()
}

/** The same without npm packages, for the processor of `architecture`. */
export async function compileAll(options = {}) {
  // Imported late: what these import may have to be installed first.
  const { compileTypeScript } = await import('./typescript.mjs')
  const { buildNative } = await import('./native.mjs')
  await compileTypeScript()
  await buildNative(options)
}
