import { describe, expect, test } from '@jest/globals'
import type { Loaded } from '../../lib/native/load.js'
import { requireRefineDevice } from '../../lib/refine/device.js'

/** What is loaded, as far as a device asks for it. */
function loaded({ devices = 1, ...more }: Partial<Loaded> & { devices?: number } = {}): () => Loaded {
  const runtime = { torch: '2.13.0', cudaDevices: devices, threads: 1 }
  const parts = {
    addon: { runtimeInfo: () => runtime, takeWarnings: () => [] },
    loader: { driverVersion: () => 13000 },
    libtorch: { kind: 'cuda', version: '2.13.0+cu130' },
    ...more,
  }
  return () => parts as unknown as Loaded
}

function refusal(device: string, what: () => Loaded): unknown {
  try {
    requireRefineDevice(device, what)
  } catch (error) {
    return error
  }
  return undefined
}

describe('the device of a refinement', () => {
  test('the processor loads nothing; a GPU with kernels is fine', () => {
    const never = () => {
      throw new Error('loaded')
    }
    expect(refusal('cpu', never)).toBeUndefined()
    expect(refusal('cuda', loaded())).toBeUndefined()
    expect(refusal('cuda:1', loaded({ devices: 2 }))).toBeUndefined()
  })

  test.each(['auto', 'gpu', 'cuda:', 'cuda:-1', 'CPU', '', 7 as never])('what names no device: %j', (device) => {
    const never = () => {
      throw new Error('loaded')
    }
    expect(refusal(device, never)).toMatchObject({
      code: 'SEMPLES_CONFIG_INVALID',
      field: 'device',
      value: device,
      expected: 'cpu, cuda or cuda:<number>',
      hint: expect.stringContaining('Leave out device'),
    })
  })

  test.each([
    'there is no library of kernels for CUDA 12',
    '/p/cuda13/semples_cuda.so could not be opened: libcudart.so.13: cannot open shared object file',
  ])('a GPU without kernels: %s', (cudaKernelsProblem) => {
    expect(refusal('cuda', loaded({ cudaKernelsProblem }))).toMatchObject({
      code: 'SEMPLES_DEVICE_UNAVAILABLE',
      field: 'device',
      value: 'cuda',
      expected: 'cpu',
      message: expect.stringContaining(cudaKernelsProblem),
      hint: expect.stringContaining('semples doctor'),
    })
  })

  test('a CPU build says so, and what to install', () => {
    const libtorch = { kind: 'cpu', version: '2.13.0+cpu' } as Loaded['libtorch']
    expect(refusal('cuda', loaded({ devices: 0, libtorch }))).toMatchObject({
      code: 'SEMPLES_DEVICE_UNAVAILABLE',
      expected: 'cpu',
      message: expect.stringContaining('this LibTorch is a CPU build'),
      hint: expect.stringContaining('npx semples libtorch install --cuda'),
    })
  })

  test('a GPU that there is not is counted, and auto is not recommended', () => {
    expect(refusal('cuda:2', loaded({ devices: 2 }))).toMatchObject({ expected: 'cpu or cuda:0 to cuda:1' })
  })
})
