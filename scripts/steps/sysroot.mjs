import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { arch } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { ask, root, run, StepError, say } from './process.mjs'

/**
 * The system whose C library prebuilt addons are linked with. Its packages come from Debian by apt, which checks their
 * signatures.
 */
const debian11 = {
  name: 'debian11',
  suite: 'bullseye',
  gcc: '10',
  packages: [
    ...['libc6', 'libc6-dev', 'linux-libc-dev', 'libcrypt1', 'libcrypt-dev', 'libgcc-s1', 'libgcc-10-dev'],
    ...['libstdc++6', 'libstdc++-10-dev', 'libgomp1'],
  ],
}

const machines = {
  x64: { debian: 'amd64', triplet: 'x86_64-linux-gnu', processor: 'x86_64' },
  arm64: { debian: 'arm64', triplet: 'aarch64-linux-gnu', processor: 'aarch64' },
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

/**
 * What CMake needs to build against an old system, which is fetched where it is missing.
 * @param name `debian11`, the only one
 * @param architecture `x64` or `arm64`
 * @returns `{ name, folder, parameters }`: parameters are CMake's
 */
export function ensureSysroot(name, architecture = arch()) {
  const machine = machines[architecture]
  if (name !== debian11.name || machine === undefined) {
    throw new StepError(`SEMPLES_SYSROOT may be ${debian11.name}, on x64 and arm64; it is ${name} for ${architecture}.`)
  }
  const folder = join(root, '.cache', 'sysroots', `${name}-${architecture}`)
  if (!existsSync(folder)) fetchSysroot(folder, machine)
  const variables = {
    CMAKE_TOOLCHAIN_FILE: join(root, 'scripts', 'cmake', 'sysroot.cmake'),
    SEMPLES_SYSROOT: folder,
    SEMPLES_SYSROOT_GCC: debian11.gcc,
    SEMPLES_TRIPLET: machine.triplet,
    SEMPLES_PROCESSOR: machine.processor,
  }
  return { name, folder, variables }
}

function fetchSysroot(folder, { debian }) {
  if (ask('apt-get', ['--version']) === undefined || !existsSync(keyring)) {
    throw new StepError('Building against Debian 11 needs apt-get, dpkg-deb and the package debian-archive-keyring.')
  }
  const work = `${folder}.${process.pid}`
  const packages = join(work, 'packages')
  for (const path of ['etc/preferences.d', 'state/lists/partial', 'cache/archives/partial', 'packages', 'root'])
    mkdirSync(join(work, path), { recursive: true })
  try {
    say(`Fetching the C library of Debian 11 (${debian})`)
    const options = aptOptions(work, debian)
    if (!mirrors().some((mirror) => update(work, mirror, options))) {
      throw new StepError('Debian 11 (bullseye) is not served by any mirror that is known here.')
    }
    run('apt-get', [...options, 'download', ...debian11.packages], { quiet: true, cwd: packages })
    for (const file of readdirSync(packages)) {
      run('dpkg-deb', ['--extract', join(packages, file), join(work, 'root')], { quiet: true })
    }
    keepLinksInside(join(work, 'root'))
    renameSync(join(work, 'root'), folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** An apt of its own: nothing of this machine's lists, cache and packages is read or changed. */
function aptOptions(work, architecture) {
  const options = {
    'Dir::Etc': join(work, 'etc'),
    'Dir::State': join(work, 'state'),
    'Dir::Cache': join(work, 'cache'),
    'Dir::State::status': '/dev/null',
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Sandbox::User': process.env.USER ?? 'root',
    'Acquire::Retries': '1',
    'Acquire::http::Timeout': '20',
  }
  return Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])
}

/** The mirror that this machine uses, then Debian's own, also for what has left them. */
export function mirrors() {
  const own = (ask('apt-get', ['indextargets', '--format', '$(SITE)', 'Origin: Debian']) ?? '').split('\n')
  const mirror = own.find((site) => /^https?:/.test(site) && !site.includes('security'))
  const debian = ['http://deb.debian.org/debian', 'http://archive.debian.org/debian']
  return mirror === undefined ? debian : [mirror, ...debian]
}

function update(work, mirror, options) {
  writeFileSync(join(work, 'etc', 'sources.list'), `deb [signed-by=${keyring}] ${mirror} ${debian11.suite} main\n`)
  return ask('apt-get', [...options, '-o', 'APT::Update::Error-Mode=any', 'update']) !== undefined
}

/** Absolute links would lead out of the folder, to this machine's libraries. */
function keepLinksInside(folder) {
  for (const name of readdirSync(folder, { recursive: true })) {
    const link = join(folder, name)
    if (!lstatSync(link).isSymbolicLink()) continue
    const target = readlinkSync(link)
    if (!target.startsWith('/')) continue
    rmSync(link)
    symlinkSync(relative(dirname(link), join(folder, target)), link)
  }
}
