// npm run release:check [-- --allow-missing-platforms]: what can be checked here before a release: a line each, with what
// to do about what is wrong. Exit status 1 where something is. What only other machines can show is checked by
// .github/workflows/release.yml, which calls this before it publishes.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { main, root } from './steps/process.mjs'

await main(async () => {
  const { values } = parseArgs({ options: { 'allow-missing-platforms': { type: 'boolean', default: false } } })
  const { ensurePackages } = await import('./steps/packages.mjs')
  ensurePackages()
  const { compileTypeScript } = await import('./steps/typescript.mjs')
  await compileTypeScript()
  const { supportedVersions } = await import(join(root, 'dist/libtorch/version.js'))
  const { releaseChecks } = await import('./release/checks.mjs')
  const allowMissingPlatforms = values['allow-missing-platforms']
  const checks = await releaseChecks(root, { torchVersions: supportedVersions, allowMissingPlatforms })
  for (const { name, problem, remedy, fine } of checks) {
    console.log(`${problem ? '✗' : '✓'} ${name}: ${problem || fine}${problem ? `\n    ${remedy}` : ''}`)
  }
  const failed = checks.filter(({ problem }) => problem).length
  console.log(failed === 0 ? 'All is well.' : `${failed} of ${checks.length} checks failed.`)
  return failed === 0 ? 0 : 1
})
