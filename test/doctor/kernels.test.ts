import { describe, expect, test } from '@jest/globals'
import { factsWith, finding, healthy, onlyProcessor } from './fakes.js'

const gpu = (name: string, computeCapability?: string) => ({ name, computeCapability })
const withGpus = (...gpus: ReturnType<typeof gpu>[]) => finding(factsWith({ cuda: { gpus } }), 'GPU kernels')

describe('kernels of GPUs', () => {
  test('the one that is there has code', () => {
    expect(finding(healthy(), 'GPU kernels')).toEqual({
      subject: 'GPU kernels',
      state: 'ok',
      text: 'for CUDA 13, compute capability 7.5, 8.0, 8.6, 8.9, 9.0, 10.0, 12.0 and, as PTX, 12.0',
      details: [
        'NVIDIA H100 80GB HBM3: compute capability 9.0, code of 9.0',
        '/app/prebuilds/linux-x64/cuda13/semples_cuda.so',
      ],
    })
  })

  test('two, one of them too old: what to do', () => {
    expect(withGpus(gpu('NVIDIA L4', '8.9'), gpu('Tesla V100', '7.0'))).toMatchObject({
      state: 'warning',
      text: expect.stringMatching(/; none for Tesla V100, where refinement runs on the processor$/),
      details: [
        'NVIDIA L4: compute capability 8.9, code of 8.9',
        'Tesla V100: compute capability 7.0, too old',
        expect.any(String),
      ],
      remedy: expect.stringMatching(/another GPU.*leave out device.*docs\/gpu\.md/),
    })
    expect(withGpus(gpu('Tesla V100', '7.0')).remedy).not.toContain('another GPU')
  })

  // Machine code runs on later minor versions of its major one, PTX on all later versions (NVIDIA's programming guide).
  test.each([
    ['8.7', 'code of 8.6'],
    ['10.3', 'code of 10.0'],
    ['12.1', 'code of 12.0'],
    ['13.0', 'newer: the driver compiles the PTX of 12.0 at the first use'],
  ])('compute capability %s: %s', (capability, how) => {
    expect(withGpus(gpu('A GPU', capability))).toMatchObject({
      state: 'ok',
      details: [`A GPU: compute capability ${capability}, ${how}`, expect.any(String)],
    })
  })

  test('between two major versions: PTX of a later one does not help', () => {
    expect(withGpus(gpu('A GPU', '11.0'))).toMatchObject({
      state: 'warning',
      details: ['A GPU: compute capability 11.0, for which there is no code', expect.any(String)],
    })
  })

  test('a GPU that does not tell, and a library that does not: nothing is claimed', () => {
    expect(withGpus(gpu('A GPU'))).toMatchObject({
      state: 'ok',
      details: ['A GPU: nvidia-smi does not tell its compute capability', expect.any(String)],
    })
    const found = { architectures: undefined, ptx: undefined }
    expect(finding(factsWith({ kernels: { found } }), 'GPU kernels')).toMatchObject({
      state: 'ok',
      text: 'for CUDA 13, of unknown content: there is no cuda.json beside it',
    })
  })

  test('a LibTorch for another CUDA: the one that there are kernels for', () => {
    const libtorch = { cuda: '12.6' }
    const kernels = {
      found: undefined,
      problem: 'there is no library of kernels for CUDA 12',
      looked: ['/app/build/Release/cuda12', '/app/prebuilds/linux-x64/cuda12'],
    }
    expect(finding(factsWith({ libtorch, kernels }), 'GPU kernels')).toEqual({
      subject: 'GPU kernels',
      state: 'warning',
      text: 'there is no library of kernels for CUDA 12: refinement runs on the processor',
      details: ['looked into /app/build/Release/cuda12', 'looked into /app/prebuilds/linux-x64/cuda12'],
      remedy: 'Use the LibTorch for CUDA 13:',
      commands: ['npx semples libtorch install --cuda'],
    })
    expect(finding(factsWith({ libtorch, kernels, cuda: { gpus: [] } }), 'GPU kernels').state).toBe('ok')
  })

  test('none in a clone: how they are compiled', () => {
    const kernels = { found: undefined, problem: 'there is no library of kernels for CUDA 13', looked: [] }
    const facts = factsWith({ kernels, addon: { build: 'npm run build' } })
    expect(finding(facts, 'GPU kernels')).toMatchObject({
      state: 'warning',
      commands: ['npm run prebuild -- --cuda'],
    })
  })

  test('one that cannot be opened: the words of the linker', () => {
    const kernelsProblem = 'libcudart.so.13: cannot open shared object file: No such file or directory'
    expect(finding(factsWith({ probe: { kernelsProblem } }), 'GPU kernels')).toMatchObject({
      state: 'warning',
      text: expect.stringMatching(/cannot be opened: refinement runs on the processor$/),
      details: [kernelsProblem, '/app/prebuilds/linux-x64/cuda13/semples_cuda.so'],
    })
  })

  test('where LibTorch itself is at fault, that is told once', () => {
    const facts = factsWith({ probe: { cudaProblem: 'libcudnn.so.9: cannot open', runtime: { cudaDevices: 0 } } })
    expect(finding(facts, 'GPU kernels').state).toBe('ok')
    expect(finding(factsWith({ kernels: undefined }), 'GPU kernels').state).toBe('ok')
    expect(finding(factsWith(onlyProcessor), 'GPU kernels')).toMatchObject({
      state: 'ok',
      text: 'not used: this LibTorch is a CPU build',
    })
  })
})
