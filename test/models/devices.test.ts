import { describe, expect, test } from '@jest/globals'
import { SemplesError } from '../../lib/base/error.js'
import { chooseCompute, chooseDevice } from '../../lib/models/devices.js'
import { type CudaFacts, cudaFacts, whyNoCuda } from '../../lib/native/cuda.js'
import type { Loaded } from '../../lib/native/load.js'
import { describeNative } from '../native/models.js'

const cannotOpen = 'libtorch_cuda.so could not be opened: libcusparse.so.12: cannot open shared object file'

const cpu = { kind: 'cpu', version: '2.13.0+cpu' } as const
const cuda = { kind: 'cuda', version: '2.13.0+cu130' } as const

/** Machines without a usable CUDA device, by what is said of each. */
const machines: Record<string, CudaFacts> = {
  'this LibTorch is a CPU build': { devices: 0, libtorch: cpu, driver: 0 },
  'there is no NVIDIA driver': { devices: 0, libtorch: cuda, driver: 0 },
  [cannotOpen]: { devices: 0, libtorch: cuda, driver: 13000, cudaProblem: cannotOpen },
  [`there is no NVIDIA driver, and ${cannotOpen}`]: { devices: 0, libtorch: cuda, driver: 0, cudaProblem: cannotOpen },
  'CUDA_VISIBLE_DEVICES is empty, which hides every GPU': {
    devices: 0,
    libtorch: cuda,
    driver: 13000,
    visibleDevices: '',
  },
  'LibTorch 2.13.0+cu130 finds no usable GPU (the NVIDIA driver is for CUDA up to 12.4)': {
    devices: 0,
    libtorch: cuda,
    driver: 12040,
  },
  'LibTorch 2.13.0+cu130 finds no usable GPU (the NVIDIA driver is for CUDA up to 13.0, and CUDA_VISIBLE_DEVICES is 7)':
    {
      devices: 0,
      libtorch: cuda,
      driver: 13000,
      visibleDevices: '7',
    },
}

function refusal(device: string, facts: CudaFacts): SemplesError {
  try {
    chooseDevice(device, facts)
  } catch (error) {
    if (error instanceof SemplesError) return error
  }
  throw new Error(`${device} was not refused`)
}

describe.each(Object.entries(machines))('without a CUDA device: %s', (reason, facts) => {
  test('`auto` takes the processor and says why', () => {
    expect(chooseDevice('auto', facts)).toEqual({ device: 'cpu', why: ` (auto: ${reason})` })
  })

  test.each(['cuda', 'cuda:0', 'cuda:1'])('`%s` is an error that says why', (device) => {
    const error = refusal(device, facts)
    expect(error).toMatchObject({ code: 'SEMPLES_DEVICE_UNAVAILABLE', field: 'device', value: device })
    expect(error.message).toContain(`The device ${device} is not available: ${reason}`)
    expect(error.hint).toContain(facts.libtorch.kind === 'cpu' ? 'libtorch install --cuda' : 'doctor')
  })

  test('`cpu` is `cpu`', () => {
    expect(chooseDevice('cpu', facts)).toEqual({ device: 'cpu', why: '' })
  })
})

describe('with CUDA devices', () => {
  const two: CudaFacts = { devices: 2, libtorch: cuda, driver: 13000 }

  test('each of them is given, and `auto` takes the first', () => {
    expect(whyNoCuda(two)).toBeUndefined()
    expect(chooseDevice('auto', two)).toEqual({ device: 'cuda', why: ' (auto)' })
    for (const device of ['cuda', 'cuda:0', 'cuda:1', 'cpu'])
      expect(chooseDevice(device, two)).toEqual({ device, why: '' })
  })

  test('one more is an error that counts them', () => {
    const error = refusal('cuda:2', two)
    expect(error.message).toContain('LibTorch sees 2 CUDA devices')
    expect(error.expected).toBe('cpu, auto or cuda:0 to cuda:1')
    expect(refusal('cuda:1', { ...two, devices: 1 }).expected).toBe('cpu, auto or cuda')
  })
})

describe('what is asked of the machine', () => {
  const loaded = (libtorch: typeof cpu | typeof cuda, cudaDevices: number, driver: () => number) =>
    ({
      addon: { runtimeInfo: () => ({ torch: '2.13.0', cudaDevices, threads: 1 }) },
      loader: { driverVersion: driver },
      libtorch,
      cudaProblem: libtorch === cuda ? cannotOpen : undefined,
    }) as unknown as Loaded
  const never = () => {
    throw new Error('the driver was asked')
  }

  test('the driver, only where a CUDA build sees no device', () => {
    expect(cudaFacts(loaded(cuda, 0, () => 12040))).toMatchObject({
      devices: 0,
      driver: 12040,
      cudaProblem: cannotOpen,
    })
    expect(cudaFacts(loaded(cuda, 1, never))).toMatchObject({ devices: 1, driver: 0 })
    expect(cudaFacts(loaded(cpu, 0, never))).toMatchObject({ libtorch: cpu, driver: 0 })
  })
})

describeNative('on this machine', () => {
  test('`auto` and `cpu` are obtained, and described in one line', async () => {
    expect((await chooseCompute('cpu', 1)).description).toMatch(/^device cpu, 1 thread, LibTorch \d+\.\d+/)
    expect((await chooseCompute('auto', 1)).description).toMatch(
      /^device (cpu|cuda) \(auto(: .+)?\), 1 thread, LibTorch /,
    )
  })

  test('a device that is not there is refused with the reason', async () => {
    await expect(chooseCompute('cuda:99', 1)).rejects.toMatchObject({
      code: 'SEMPLES_DEVICE_UNAVAILABLE',
      field: 'device',
      value: 'cuda:99',
      message: expect.stringMatching(/^The device cuda:99 is not available: .+/),
    })
  })
})
