import type { LibTorchOrigin } from '../../libtorch/candidate.js'
import { describeRefused } from '../../libtorch/find.js'
import { compareVersions } from '../../libtorch/platform.js'
import { type AddonFile, describeRefusedAddon } from '../../native/addonFile.js'
import type { Facts } from '../facts.js'
import { type Finding, ok, problem, warning } from '../finding.js'
import { installCommands, unsupported } from './install.js'

export function judgeNode({ node }: Facts): Finding {
  const { version, wanted } = node
  if (wanted === undefined || wanted.split('||').some((range) => isWithin(version, range))) return ok('Node', version)
  return problem('Node', {
    text: `${version} does not fit: semples needs ${wanted}`,
    details: [node.path],
    remedy: 'Install a newer Node (https://nodejs.org), with nvm for example:',
    commands: ['nvm install 22'],
  })
}

/** Whether a version is in `>=22.12.0` or `^20.19.0`, the two forms that package.json has. */
function isWithin(version: string, range: string): boolean {
  const [, sign, oldest] = /^\s*(>=|\^)\s*(\d+(?:\.\d+)*)\s*$/.exec(range) ?? []
  if (oldest === undefined || compareVersions(version, oldest) < 0) return false
  return sign === '>=' || version.split('.', 1)[0] === oldest.split('.', 1)[0]
}

export function judgeSystem({ platform, probe }: Facts): Finding {
  const libc = [platform.libc, platform.glibc].filter(Boolean).join(' ')
  const name = `${platform.system}-${platform.architecture}${libc === '' ? '' : `, ${libc}`}`
  const reason = unsupported(platform)
  // Whoever built LibTorch themselves knows better.
  if (reason === undefined || probe?.works) return ok('system', name)
  return problem('system', { text: `${name}: ${reason.text}`, remedy: reason.remedy })
}

const seeSystem = 'See what is said of the system.'

const addonOrigins: Record<AddonFile['origin'], string> = {
  SEMPLES_ADDON: 'named in SEMPLES_ADDON',
  build: 'built in this clone',
  cache: 'built by semples build',
  prebuild: 'prebuilt, from the package',
}

export function judgeAddon(facts: Facts): Finding {
  const { found, refused } = facts.addon
  if (found === undefined) {
    return problem('addon', {
      text: 'there is no native addon for this machine',
      details: refused.map((each) => `passed over: ${describeRefusedAddon(each)}`),
      ...buildAddon(facts),
    })
  }
  // LibTorch was opened and states its version, so what failed came after it.
  if (facts.probe?.works === false && facts.abi === found.builtFor) {
    return problem('addon', { text: withoutStop(facts.probe.problem), details: [found.file], ...buildAddon(facts) })
  }
  const passedOver = refused.filter(({ reason }) => !/^it (does not exist|holds no addon)$/.test(reason))
  return ok('addon', `for LibTorch ${found.builtFor}, ${addonOrigins[found.origin]}`, [
    found.file,
    ...passedOver.map((each) => `passed over: ${describeRefusedAddon(each)}`),
  ])
}

function buildAddon({ addon: { found, refused, build }, platform }: Facts): { remedy: string; commands: string[] } {
  // Building needs a LibTorch, too.
  if (unsupported(platform) !== undefined) return { remedy: seeSystem, commands: [] }
  const origins = [found, ...refused].map((each) => each?.origin)
  const remedy = origins.includes('SEMPLES_ADDON')
    ? 'Correct or unset SEMPLES_ADDON, or build the addon anew:'
    : 'Build it from its sources:'
  return { remedy, commands: [build] }
}

const libtorchOrigins: Record<LibTorchOrigin, string> = {
  option: 'named by the option libtorch',
  SEMPLES_LIBTORCH: 'named in SEMPLES_LIBTORCH',
  cache: 'installed by semples libtorch install',
  python3: 'the torch of python3',
}

export function judgeLibTorch(facts: Facts): Finding {
  const { libtorch, addon, probe, abi } = facts
  const { found, refused } = libtorch
  const passedOver = refused.map((each) => `passed over: ${describeRefused(each)}`)
  if (found === undefined) {
    return problem('LibTorch', {
      text: `${addon.versions.join(' or ')} was not found`,
      details: passedOver,
      ...install(facts),
    })
  }
  const build = found.kind === 'cpu' ? 'CPU build' : `for CUDA${libtorch.cuda === undefined ? '' : ` ${libtorch.cuda}`}`
  const text = `${found.version} (${build}), ${libtorchOrigins[found.origin]}`
  const details = [found.folder, ...passedOver]
  const builtFor = addon.found?.builtFor
  if (abi !== undefined && abi !== builtFor) {
    const differs = `it states version ${abi}, and the addon is built for ${builtFor}`
    return problem('LibTorch', { text: `${text}: ${differs}`, details, ...repair(facts, '') })
  }
  if (probe?.works === false && abi === undefined) {
    const why = withoutStop(probe.problem)
    return problem('LibTorch', { text: `${text}: ${why}`, details, ...repair(facts, why) })
  }
  if (probe?.cudaProblem !== undefined) {
    return warning('LibTorch', {
      text: `${text}: the processor works, cuda does not`,
      details: [`its CUDA libraries cannot be opened: ${withoutStop(probe.cudaProblem)}`, ...details],
      ...repair(facts, ''),
    })
  }
  const seconds = probe?.seconds === undefined ? [] : [`opens in ${probe.seconds.toFixed(2)} s`]
  return ok('LibTorch', text, [...details, ...seconds])
}

function install(facts: Facts): { remedy: string; commands: string[] } {
  const commands = installCommands(facts)
  // It is set, so that nothing else is looked for while it is.
  if (facts.libtorch.refused.some(({ origin }) => origin === 'SEMPLES_LIBTORCH')) {
    const remedy = 'Correct SEMPLES_LIBTORCH, or use a LibTorch that semples installs:'
    return { remedy, commands: ['unset SEMPLES_LIBTORCH', ...commands] }
  }
  if (facts.libtorch.named) return { remedy: 'Correct the path that was named, or leave it out and type:', commands }
  return { remedy: commands.length === 0 ? seeSystem : 'Fetch it:', commands }
}

/** Libraries of the system that slim images lack, with their Debian packages. */
const systemLibraries: Record<string, string> = { 'libstdc++.so.6': 'libstdc++6', 'libgomp.so.1': 'libgomp1' }

/** What to do about a LibTorch that is there and cannot be opened as it should. */
function repair(facts: Facts, reason: string): { remedy: string; commands: string[] } {
  const { origin, kind } = facts.libtorch.found!
  // oneMKL, inside LibTorch, ends the process where it cannot tell the current folder.
  const current = facts.writeAccess.find(({ place }) => place === 'current folder')
  if (current?.reason?.startsWith('ENOENT')) {
    return { remedy: 'The current folder was removed; go to one that is there:', commands: ['cd ~'] }
  }
  const absent = /(lib[\w+.-]+\.so[.\d]*): cannot open shared object file/.exec(reason)?.[1] ?? ''
  const debian = systemLibraries[absent]
  if (debian !== undefined) {
    return { remedy: `Install ${absent}, on Debian and Ubuntu by:`, commands: [`sudo apt-get install ${debian}`] }
  }
  const flags = kind === 'cuda' ? ' --cuda' : ''
  if (origin === 'cache') {
    return { remedy: 'Install it again:', commands: installCommands(facts, `${flags} --force`) }
  }
  if (origin === 'python3') return { remedy: 'Install one of its own:', commands: installCommands(facts, flags) }
  const unset = origin === 'SEMPLES_LIBTORCH' ? ['unset SEMPLES_LIBTORCH'] : []
  return {
    remedy: 'Mend the one that was named, or install another and name none:',
    commands: [...unset, ...installCommands(facts, flags)],
  }
}

function withoutStop(sentence = 'it cannot be loaded'): string {
  return sentence.replace(/\.$/, '')
}
