import { shellWord } from '../../base/shell.js'
import { minorVersion } from '../../libtorch/version.js'
import { wslFolder } from '../../native/gpus.js'
import { cudaOfDriver, driverFor, majorOf } from '../cudaVersions.js'
import type { DriverLibrary } from '../facts/driver.js'
import type { Facts } from '../facts.js'
import { type Fault, type Finding, ok, warning } from '../finding.js'

/**
 * The NVIDIA driver against the CUDA of LibTorch. The processor works without it, so nothing here is a problem; where
 * nobody asks for a GPU, it is only named.
 */
export function judgeDriver(facts: Facts): Finding {
  const { driver, smiProblem = '' } = facts.cuda
  const isCuda = facts.libtorch.found?.kind === 'cuda'
  const file = driver.libraries.find(({ state }) => state === 'file')
  const broken = driver.libraries.filter(({ state }) => state !== 'file')
  if (/version mismatch/i.test(smiProblem)) {
    return warning('CUDA driver', {
      text: 'it was updated while its kernel module of another version is still loaded',
      details: [`nvidia-smi: ${smiProblem}`],
      remedy: 'Restart the machine:',
      commands: ['sudo reboot'],
    })
  }
  if (driver.cuda !== undefined) return compare(facts, broken)
  if (file !== undefined) {
    // The child process asked for it and got no answer.
    const isMissed = isCuda && facts.probe?.works === true
    return isMissed ? warning('CUDA driver', notOpened(facts, file)) : compare(facts, broken)
  }
  if ((isCuda || driver.pciGpus > 0) && (broken.length > 0 || driver.kernelModule)) {
    return warning('CUDA driver', unreachable(facts, broken))
  }
  return driver.release === undefined ? absent(facts, broken) : compare(facts, broken)
}

function compare(facts: Facts, broken: DriverLibrary[]): Finding {
  const { driver } = facts.cuda
  const { found, cuda } = facts.libtorch
  const major = majorOfDriver(facts)
  const upTo = driver.cuda ?? major
  const named = [
    driver.release ?? 'present',
    ...(driver.wsl ? ['the driver of Windows'] : []),
    ...(upTo === undefined ? [] : [`for CUDA up to ${upTo}`]),
  ].join(', ')
  const isKnown = driver.cuda !== undefined || driver.release !== undefined
  if (found === undefined || cuda === undefined) return ok('CUDA driver', named, broken.map(describe))
  if (isKnown && (major ?? 0) < majorOf(cuda)) return warning('CUDA driver', tooOld(facts, named, cuda))
  const suits = `${named}; LibTorch is for CUDA ${cuda}${minorNote(driver.cuda, cuda)}`
  return ok('CUDA driver', suits, broken.map(describe))
}

/** The major version of CUDA that the driver supports, by its own word or else by its release. */
function majorOfDriver({ cuda: { driver } }: Facts): number | undefined {
  return driver.cuda === undefined ? cudaOfDriver(driver.release ?? '') : majorOf(driver.cuda)
}

/** Within a major version an older driver will do; that deserves a word where it is so. */
function minorNote(driver: string | undefined, cuda: string | undefined): string {
  if (driver === undefined || cuda === undefined || majorOf(driver) !== majorOf(cuda)) return ''
  const [have, need] = [driver, cuda].map((version) => Number(version.split('.')[1] ?? 0))
  return have! < need! ? `, which every driver for CUDA ${majorOf(cuda)} runs` : ''
}

function tooOld(facts: Facts, named: string, cuda: string): Fault {
  const version = minorVersion(facts.libtorch.found!.version)
  const text = `${named}: too old for LibTorch ${version}, which is for CUDA ${cuda}`
  const update = `${updateDriver(facts, cuda)}; or use a torch for CUDA 12`
  // Up to 2.14, PyTorch is published for CUDA 12.6 beside 13: https://github.com/pytorch/pytorch/blob/main/RELEASE.md
  const isPublished = majorOf(cuda) === 13 && Number(version.split('.')[1]) <= 14
  if (!isPublished || majorOfDriver(facts) !== 12) return { text, remedy: `${updateDriver(facts, cuda)}.` }
  return {
    text,
    remedy: `${update}:`,
    commands: [
      'python3 -m venv torch-cuda12',
      `torch-cuda12/bin/pip install "torch==${version}.*" --index-url https://download.pytorch.org/whl/cu126`,
      'export SEMPLES_LIBTORCH="$(echo "$PWD"/torch-cuda12/lib/python3*/site-packages/torch)"',
    ],
  }
}

function updateDriver({ cuda: { driver } }: Facts, cuda: string | undefined): string {
  const release = `${driverFor(cuda)} or newer (https://www.nvidia.com/drivers)`
  if (driver.wsl) return `Update the NVIDIA driver of Windows to ${release}, and install none inside WSL`
  const of = driver.container ? ' of the host' : ''
  return `Update the NVIDIA driver${of} to ${release}`
}

/** No driver, as far as files tell. */
function absent(facts: Facts, broken: DriverLibrary[]): Finding {
  const { driver, toolkit } = facts.cuda
  const isCuda = facts.libtorch.found?.kind === 'cuda'
  if (driver.pciGpus === 0 && !isCuda) return ok('CUDA driver', 'none, and no NVIDIA GPU is seen', broken.map(describe))
  const noHelp = toolkit === undefined ? '' : ' (a CUDA toolkit is there, which brings no driver)'
  const text =
    driver.pciGpus > 0 ? 'none, though there is an NVIDIA GPU' : 'none, so this CUDA build uses the processor'
  return warning('CUDA driver', { text: `${text}${noHelp}`, ...getDriver(facts) })
}

/** For containers, also inside WSL: they get the driver of the host. */
export const startWithGpu = {
  remedy: 'Start the container with the GPU (its host needs the NVIDIA Container Toolkit), for example:',
  commands: ['docker run --gpus all ...'],
}

function getDriver({ cuda: { driver }, libtorch }: Facts): { remedy: string; commands?: string[] } {
  const release = driverFor(libtorch.cuda)
  if (driver.container) return startWithGpu
  const sentence = (rest: string) =>
    driver.pciGpus > 0 ? `Install ${rest}` : `If there is an NVIDIA GPU, install ${rest}`
  const version = `${release} or newer (https://www.nvidia.com/drivers)`
  if (driver.wsl) {
    const windows = sentence(`the NVIDIA driver of Windows, ${version}, and none inside WSL`)
    return { remedy: `${windows}; then, in Windows:`, commands: ['wsl --shutdown'] }
  }
  const linux = sentence(`the NVIDIA driver ${version}`)
  if (driver.distribution !== 'ubuntu') return { remedy: `${linux}.` }
  return { remedy: `${linux}, on Ubuntu by:`, commands: [`sudo apt install nvidia-driver-${release}`] }
}

/** The kernel has a driver, or there was one, but programs cannot reach it. */
function unreachable({ cuda: { driver } }: Facts, broken: DriverLibrary[]): Fault {
  const text =
    broken.length > 0 ? 'libcuda.so.1 leads nowhere' : 'its kernel module is loaded, but libcuda.so.1 is missing'
  const details = broken.map(describe)
  if (driver.container) return { text, details, ...startWithGpu }
  if (driver.wsl) {
    const remedy = `Let WSL link the driver of Windows anew (it lies in ${wslFolder}); in Windows:`
    return { text, details, remedy, commands: ['wsl --shutdown'] }
  }
  return { text, details, remedy: 'Install the NVIDIA driver again (https://www.nvidia.com/drivers).' }
}

/** A libcuda that the dynamic linker does not look for, or refuses. */
function notOpened({ cuda: { driver } }: Facts, { path }: DriverLibrary): Fault {
  const folder = driver.wsl ? wslFolder : path.slice(0, path.lastIndexOf('/'))
  return {
    text: 'libcuda.so.1 is there, but programs do not find it',
    details: [path],
    remedy: 'Install the driver again, or name its folder to the dynamic linker:',
    commands: [`export LD_LIBRARY_PATH=${shellWord(folder)}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}`],
  }
}

function describe({ path, state, target }: DriverLibrary): string {
  return state === 'broken' ? `${path} is a broken link to ${target}` : `${path} is an empty file`
}
