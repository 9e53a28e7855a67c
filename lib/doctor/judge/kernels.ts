import { listed } from '../../base/count.js'
import type { KernelLibrary } from '../../native/cudaKernels.js'
import type { Gpu } from '../../native/gpus.js'
import type { Facts } from '../facts.js'
import { type Finding, ok, warning } from '../finding.js'
import { installCommands } from './install.js'

const subject = 'GPU kernels'
const onProcessor = 'refinement runs on the processor'

/** Whether refinement can run on the GPUs that nvidia-smi lists. Where nobody asks for a GPU it is only named. */
export function judgeKernels(facts: Facts): Finding {
  const { kernels, probe } = facts
  const { gpus } = facts.cuda
  if (kernels === undefined) return ok(subject, 'not looked for, since LibTorch or the addon is missing')
  const { found, problem = 'there is none', looked } = kernels
  if (facts.libtorch.found?.kind !== 'cuda') return ok(subject, `not used: ${problem}`)
  if (found === undefined) {
    const text = `${problem}: ${onProcessor}`
    const details = looked.map((folder) => `looked into ${folder}`)
    return gpus.length === 0 ? ok(subject, text, details) : warning(subject, { text, details, ...another(facts) })
  }
  if (probe?.cudaProblem !== undefined || probe?.works !== true) {
    return ok(subject, `${named(found)}; not tried, since LibTorch cannot be opened as it should`, [found.file])
  }
  if (probe.kernelsProblem !== undefined) {
    return warning(subject, {
      text: `${named(found)}, cannot be opened: ${onProcessor}`,
      details: [probe.kernelsProblem.replace(/\.$/, ''), found.file],
      remedy: 'The file belongs to semples; install it again:',
      commands: ['npm install semples --force'],
    })
  }
  const served = gpus.map((gpu) => ({ name: gpu.name, ...service(gpu, found) }))
  const details = [...served.map(({ name, how }) => `${name}: ${how}`), found.file]
  const lacking = served.filter(({ fits }) => !fits)
  if (lacking.length === 0) return ok(subject, named(found), details)
  const names = listed([...new Set(lacking.map(({ name }) => name))])
  const others = lacking.length < served.length ? "give the number of another GPU, e.g. device: 'cuda:1', or " : ''
  return warning(subject, {
    text: `${named(found)}; none for ${names}, where ${onProcessor}`,
    details,
    remedy: `For refinement ${others}leave out device (--device), which is then cpu; docs/gpu.md says how to compile kernels for other GPUs.`,
  })
}

/** `for CUDA 13, compute capability 7.5, 8.0 and 9.0 (PTX of 9.0)` */
function named({ cuda, architectures, ptx = [] }: KernelLibrary): string {
  if (architectures === undefined) return `for CUDA ${cuda}, of unknown content: there is no cuda.json beside it`
  const also = ptx.length === 0 ? '' : ` and, as PTX, ${ptx.join(', ')}`
  return `for CUDA ${cuda}, compute capability ${listed(architectures, 12)}${also}`
}

/**
 * How a library serves a GPU. Machine code runs on its own minor version and later ones of the same major version; PTX on
 * its own version and all later ones:
 * https://docs.nvidia.com/cuda/cuda-c-programming-guide/index.html#application-compatibility
 */
function service(
  { computeCapability }: Gpu,
  { architectures, ptx = [] }: KernelLibrary,
): { fits: boolean; how: string } {
  if (computeCapability === undefined) return { fits: true, how: 'nvidia-smi does not tell its compute capability' }
  if (architectures === undefined) return { fits: true, how: `compute capability ${computeCapability}` }
  const wanted = Number(computeCapability)
  const own = architectures.filter((each) => Math.floor(Number(each)) === Math.floor(wanted) && Number(each) <= wanted)
  if (own.length > 0) return { fits: true, how: `compute capability ${computeCapability}, code of ${own.at(-1)}` }
  const text = ptx.filter((each) => Number(each) <= wanted).at(-1)
  if (text !== undefined) {
    return {
      fits: true,
      how: `compute capability ${computeCapability}, newer: the driver compiles the PTX of ${text} at the first use`,
    }
  }
  const old = architectures.every((each) => Number(each) > wanted)
  return {
    fits: false,
    how: `compute capability ${computeCapability}${old ? ', too old' : ', for which there is no code'}`,
  }
}

/** Where there is no library for this CUDA: a LibTorch for the one that the package has kernels for. */
function another(facts: Facts): { remedy: string; commands: string[] } {
  // semples installs the build for CUDA 13, for which the package brings kernels.
  const isCurrent = Number.parseInt(facts.libtorch.cuda ?? '', 10) === 13
  if (!isCurrent) return { remedy: 'Use the LibTorch for CUDA 13:', commands: installCommands(facts, ' --cuda') }
  return facts.addon.build === 'npm run build'
    ? { remedy: "Compile them, which needs NVIDIA's CUDA toolkit:", commands: ['npm run prebuild -- --cuda'] }
    : { remedy: 'Refine on the processor, as happens without device.', commands: [] }
}
