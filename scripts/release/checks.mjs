import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { kernelCheck } from './kernels.mjs'
import { foreignLicences } from './licences.mjs'
import { missingAddons, platforms, prebuiltFiles, versionsOf } from './platforms.mjs'
import { machineOf, neededSymbols, newest, tooNew } from './symbols.mjs'
import { largestTarball, pack, publintMessages, typeProblems, unwantedFiles } from './tarball.mjs'

/**
 * Whether a built clone could be released: `[{ name, problem?, remedy?, fine? }]`, in the order in which they are worth
 * reading. A check with a `problem` has failed, and its `remedy` says what to do; `fine` is what else was seen.
 * @param root folder of the repository
 * @param torchVersions minor versions of LibTorch that every platform has an addon for
 * @param allowMissingPlatforms whether platforms without any addon are no problem
 */
export async function releaseChecks(root, { torchVersions, allowMissingPlatforms = false }) {
  const manifest = json(root, 'package.json')
  const prebuilds = join(root, 'prebuilds')
  const folder = mkdtempSync(join(tmpdir(), 'semples-release-'))
  try {
    return [
      workingTree(root),
      repository(manifest),
      changelog(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), manifest.version),
      presence(prebuilds, torchVersions, allowMissingPlatforms),
      ...prebuiltFiles(prebuilds)
        .filter(({ machine }) => machine !== undefined)
        .map((addon) => binary(root, addon)),
      kernelCheck(root, { allowMissing: allowMissingPlatforms }),
      ...(await tarball(root, manifest, folder)),
      licences(json(root, 'package-lock.json')),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function workingTree(root) {
  const changed = execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' }).trim()
  const problem = changed && `${changed.split('\n').length} files are changed or new`
  return { name: 'working tree', problem, remedy: 'git status; commit what belongs to the release', fine: 'clean' }
}

/** npm states in the provenance where the package was built, and refuses where package.json says otherwise. */
function repository({ repository: stated }) {
  return {
    name: 'repository',
    problem: stated === undefined && 'package.json names none, and npm publishes no provenance without',
    remedy: 'npm pkg set repository.type=git repository.url=git+https://github.com/OWNER/NAME.git',
    fine: stated?.url ?? stated,
  }
}

/** The newest heading is that of the version, with a date: `## 0.1.0 (2026-12-01)`. */
export function changelog(text, version) {
  const heading = /^## (.+)$/m.exec(text)?.[1]
  const dated = /^(\S+) \(\d{4}-\d\d-\d\d\)$/.exec(heading ?? '')?.[1]
  return {
    name: 'CHANGELOG.md',
    problem: dated !== version && `begins with "${heading}"; package.json is at ${version}`,
    remedy: `give it the heading "## ${version} (YYYY-MM-DD)", or set the version: npm version --no-git-tag-version`,
    fine: heading,
  }
}

function presence(prebuilds, wanted, allowMissing) {
  const list = (entries) => entries.map(({ platform, versions }) => `${platform} (${versions.join(', ')})`).join('; ')
  const present = platforms
    .map(({ name }) => ({ platform: name, versions: versionsOf(prebuilds, name) }))
    .filter(({ versions }) => versions.length > 0)
  const missing = missingAddons(prebuilds, wanted)
  const isAllowed = ({ platform }) => allowMissing && !present.some((each) => each.platform === platform)
  const lacking = missing.filter((each) => !isAllowed(each))
  const allowed = missing.filter(isAllowed)
  return {
    name: 'prebuilt addons',
    problem: lacking.length > 0 && `missing, by version of LibTorch: ${list(lacking)}`,
    remedy:
      'on such machines: npm run prebuild [-- --torch FOLDER]; linux-arm64 also here: npm run prebuild -- --arch arm64',
    fine: `${list(present) || 'none'}${allowed.length > 0 ? `; missing, which is allowed: ${list(allowed)}` : ''}`,
  }
}

function binary(root, { machine, file }) {
  const actual = machineOf(file)
  const newer = tooNew(neededSymbols(file)).map(({ name, version }) => `${name} (${version})`)
  const foreign = actual !== machine && `is for ${actual}, not ${machine}`
  return {
    name: relative(root, file),
    problem: foreign || (newer.length > 0 && `asks for what Debian 11 has not: ${newer.slice(0, 3).join(', ')}`),
    remedy: 'npm run prebuild, which builds against Debian 11',
    fine: `${machine}; at most GLIBC_${newest.GLIBC} and GLIBCXX_${newest.GLIBCXX}`,
  }
}

async function tarball(root, manifest, folder) {
  const packed = await pack(root, folder)
  const megabytes = `${(packed.size / 1e6).toFixed(1)} MB, unpacked ${(packed.unpackedSize / 1e6).toFixed(1)} MB`
  const unwanted = unwantedFiles(packed.files)
  const messages = await publintMessages(packed.tarball, manifest)
  const { problems } = await typeProblems(root, packed.tarball)
  return [
    {
      name: 'size of the tarball',
      problem: packed.size >= largestTarball && `${megabytes}; less than ${largestTarball / 1e6} MB is wanted`,
      remedy: 'npm pack --dry-run lists the files; "files" in package.json chooses them',
      fine: megabytes,
    },
    {
      name: 'files of the tarball',
      problem: unwanted.length > 0 && `not to be published: ${unwanted.slice(0, 5).join(', ')}`,
      remedy: '"files" in package.json chooses them',
      fine: `${packed.files.length}, none unwanted`,
    },
    { name: 'publint', problem: messages.join('; '), remedy: 'npx publint', fine: 'nothing' },
    {
      name: 'types',
      problem: Object.keys(problems).join(', '),
      remedy: 'npx attw --pack .',
      fine: 'right for every way to import them',
    },
  ]
}

function licences(lock) {
  const foreign = foreignLicences(lock).map(({ name, licence }) => `${name} (${licence ?? 'none stated'})`)
  return {
    name: 'licences',
    problem: foreign.length > 0 && `not known to be allowed: ${foreign.join(', ')}`,
    remedy: 'another package; or, where it may come along, scripts/release/licences.mjs and docs/dependencies.md',
    fine: 'of all that comes along are allowed',
  }
}

function json(root, name) {
  return JSON.parse(readFileSync(join(root, name), 'utf8'))
}
