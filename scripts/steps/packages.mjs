import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run, StepError, say } from './process.mjs'

const oldestNode = [20, 19]

/** Installs the npm packages where they are missing or not those of package-lock.json. */
export function ensurePackages() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
    throw new StepError(`semples needs Node ${oldestNode.join('.')} or newer; this is ${process.version}.`)
  }
  if (upToDate()) return
  say('Installing npm packages (npm ci)')
  run('npm', ['ci', '--no-audit', '--no-fund'], { otherwise: 'npm ci failed; see above.' })
}

/** npm keeps a copy of the lock file of what it has installed. */
function upToDate() {
  const installedLock = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installedLock)) return false
  const installed = JSON.parse(readFileSync(installedLock, 'utf8')).packages
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.optional || entry.devOptional || installed[path]?.version === entry.version,
  )
}
