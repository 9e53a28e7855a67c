import { count } from '../../base/count.js'
import { formatBytes } from '../../fetch/progress.js'
import type { Gpu } from '../../native/gpus.js'
import { capabilityFor } from '../cudaVersions.js'
import type { Facts } from '../facts.js'
import { type Finding, ok, warning } from '../finding.js'
import { startWithGpu } from './driver.js'
import { installCommands } from './install.js'

/** The toolkit serves building alone, so that none is as good as any. */
export function judgeToolkit({ cuda }: Facts): Finding {
  const { toolkit, vainToolkit: vain } = cuda
  const text =
    toolkit === undefined
      ? 'none; only building CUDA kernels needs one'
      : `${toolkit.version} (${toolkit.path}); only building CUDA kernels needs it`
  if (vain === undefined) return ok('CUDA toolkit', text)
  return warning('CUDA toolkit', {
    text: `${text}; ${vain.variable} names a folder that holds none`,
    details: [vain.path],
    remedy: `Correct or unset ${vain.variable}:`,
    commands: [`unset ${vain.variable}`],
  })
}

/** The devices that can be asked for: `cpu`, `cuda:0`, … */
export function devicesOf({ probe }: Pick<Facts, 'probe'>): string[] {
  if (probe?.works !== true) return []
  return ['cpu', ...Array.from({ length: probe.runtime?.cudaDevices ?? 0 }, (_, index) => `cuda:${index}`)]
}

/**
 * What can be computed on, with the GPUs that nvidia-smi lists.
 * @param driver what was found of the driver: where it is at fault, the fault is not told twice
 */
export function judgeDevices(facts: Facts, driver: Finding): Finding {
  const { gpus } = facts.cuda
  const devices = devicesOf(facts)
  const details = gpus.map(describeGpu)
  if (devices.length === 0) {
    return warning('devices', {
      text: 'not tried, since LibTorch or the addon is missing or cannot be loaded',
      details,
      remedy: 'Mend what is said of them above.',
    })
  }
  const text = devices.join(', ')
  const { found } = facts.libtorch
  if (found?.kind === 'cpu' && gpus.length > 0) {
    return warning('devices', {
      text: `${text}; LibTorch is a CPU build, and there is ${count(gpus.length, 'NVIDIA GPU')}`,
      details,
      remedy:
        found.origin === 'SEMPLES_LIBTORCH'
          ? 'Unset SEMPLES_LIBTORCH and install the CUDA build:'
          : 'Install the CUDA build:',
      commands: installCommands(facts, ' --cuda'),
    })
  }
  const tooOld = found?.kind === 'cuda' ? outdated(facts, gpus) : []
  if (tooOld.length > 0) {
    return warning('devices', {
      text: `${text}; CUDA ${facts.libtorch.cuda} no longer serves ${tooOld.map(({ name }) => name).join(', ')}`,
      details,
      remedy: `Compute capability ${capabilityFor(facts.libtorch.cuda!)?.toFixed(1)} or more is needed: use cpu (--device cpu), or a torch for CUDA 12.`,
    })
  }
  const isBlind = found?.kind === 'cuda' && devices.length === 1 && driver.state === 'ok'
  if (!isBlind || facts.probe?.cudaProblem !== undefined) return ok('devices', text, details)
  return hidden(facts, text, details)
}

/** A CUDA build with a driver, and yet no device. */
function hidden({ cuda }: Facts, text: string, details: string[]): Finding {
  const { visibleDevices, smiProblem, driver } = cuda
  if (visibleDevices !== undefined) {
    const shows = visibleDevices.trim() === '' ? 'is empty' : `is ${visibleDevices}`
    return warning('devices', {
      text: `${text}; CUDA_VISIBLE_DEVICES ${shows}, which hides every GPU`,
      details,
      remedy: 'If that is not meant:',
      commands: ['unset CUDA_VISIBLE_DEVICES'],
    })
  }
  const said = smiProblem === undefined ? details : [...details, `nvidia-smi: ${smiProblem}`]
  if (!driver.deviceFiles && driver.container) {
    return warning('devices', {
      text: `${text}; this container has no GPU`,
      details: said,
      ...startWithGpu,
    })
  }
  return warning('devices', {
    text: `${text}; LibTorch finds no usable GPU`,
    details: said,
    remedy: 'See what the driver says:',
    commands: ['nvidia-smi'],
  })
}

function outdated({ libtorch }: Facts, gpus: readonly Gpu[]): Gpu[] {
  const oldest = libtorch.cuda === undefined ? undefined : capabilityFor(libtorch.cuda)
  if (oldest === undefined) return []
  return gpus.filter(({ computeCapability }) => computeCapability !== undefined && Number(computeCapability) < oldest)
}

export function describeGpu({ name, memoryBytes, computeCapability }: Gpu): string {
  return [
    name,
    ...(memoryBytes === undefined ? [] : [formatBytes(memoryBytes)]),
    ...(computeCapability === undefined ? [] : [`compute capability ${computeCapability}`]),
  ].join(', ')
}
