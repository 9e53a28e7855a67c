import { describe, expect, test } from '@jest/globals'
import { readRequirements } from '../../lib/libtorch/requirements.js'

const linux = { platform_system: 'Linux', sys_platform: 'linux', platform_machine: 'x86_64' }
const wanted = /^(nvidia-|cuda-toolkit\b)/
const read = (lines: string[], extras: string[] = [], environment: Record<string, string> = linux) =>
  readRequirements(lines.map((line) => `Requires-Dist: ${line}`).join('\r\n'), wanted, environment, extras)

// Lines of the METADATA of torch-2.14.1-cp311-cp311-manylinux_2_28_x86_64.whl.
const torch = [
  'filelock',
  'cuda-toolkit[cublas,cudart,cufft]==13.0.3; platform_system == "Linux"',
  'cuda-bindings<14,>=13.0.3; platform_system == "Linux" and python_version < "3.15"',
  'nvidia-cudnn-cu13==9.24.0.43; platform_system == "Linux"',
  'triton~=3.8.0; platform_system == "Linux" and python_version < "3.15"',
  'optree>=0.13.0; extra == "optree"',
]

// Of cuda_toolkit-13.0.3.0-py2.py3-none-any.whl, which is what ==13.0.3 means.
const machines =
  "(sys_platform == 'linux' and platform_machine == 'aarch64' or sys_platform == 'linux' and platform_machine == 'x86_64' or sys_platform == 'win32' and platform_machine == 'AMD64')"
const toolkit = [
  `nvidia-cublas==13.1.1.3.*; ${machines} and extra == 'cublas'`,
  `nvidia-cuda-opencl==13.0.85.*; (sys_platform == 'linux' and platform_machine == 'x86_64') and extra == 'opencl'`,
  `nvidia-nvjitlink<14,>=13.0.88; ${machines} and extra == 'cufft'`,
  `nvidia-cuda-runtime==13.0.96.*; ${machines} and extra == 'cudart'`,
]

test('of torch: what is NVIDIA`s, with the extras of the toolkit', () => {
  const requirements = read(torch)
  expect(requirements.map(({ project, extras }) => [project, extras])).toEqual([
    ['cuda-toolkit', ['cublas', 'cudart', 'cufft']],
    ['nvidia-cudnn-cu13', []],
  ])
  expect(read(torch, [], { ...linux, platform_system: 'Darwin' })).toEqual([])
})

test('of the toolkit: the libraries of the extras, for this machine', () => {
  const projects = (extras: string[], machine = 'x86_64') =>
    read(toolkit, extras, { ...linux, platform_machine: machine }).map(({ project }) => project)
  expect(projects(['cublas', 'cufft'])).toEqual(['nvidia-cublas', 'nvidia-nvjitlink'])
  expect(projects(['opencl'], 'aarch64')).toEqual([])
  expect(projects(['opencl', 'cudart'])).toEqual(['nvidia-cuda-opencl', 'nvidia-cuda-runtime'])
  expect(projects(['cublas'], 'ppc64le')).toEqual([])
  expect(projects([])).toEqual([])
})

// By hand from the rules for version specifiers (PEP 440).
describe.each([
  ['nvidia-x==13.0.3', ['13.0.3', '13.0.3.0'], ['13.0.2', '13.0.30', '13.0.3.1', '13.0.3rc1']],
  ['nvidia-x==13.1.1.3.*', ['13.1.1.3', '13.1.1.3.7'], ['13.1.1', '13.1.1.30', '13.1.2.3']],
  ['nvidia-x<14,>=13.0.88', ['13.0.88', '13.5.37', '13.10'], ['14', '14.0', '13.0.87', '13.0', '13.5.37+local']],
  ['nvidia-x (>12, !=12.2, <=12.4)', ['12.1', '12.4.0'], ['12', '12.0', '12.2.0', '12.4.1']],
  ['nvidia-x', ['1', '2.0'], ['2.0rc1', '2.0.dev1']],
])('%s', (requirement, yes, no) => {
  const accepts = read([requirement])[0]!.accepts
  test.each(yes)('takes %s', (version) => expect(accepts(version)).toBe(true))
  test.each(no)('does not take %s', (version) => expect(accepts(version)).toBe(false))
})

test.each([
  'nvidia-x~=1.2',
  'nvidia-x===1.2',
  'nvidia-x!=1.2.*',
  'nvidia-x>=1.2rc1',
  'nvidia-x @ https://host/x.whl',
  'nvidia-x[extra',
  'nvidia-x==1; python_version < "3.15"',
  'nvidia-x==1; platform_system == "Linux" and',
  'nvidia-x==1; (platform_system == "Linux"',
  'nvidia-x==1; platform_system == "Linux")',
  'nvidia-x==1; platform_system > "Linux"',
  'nvidia-x==1; platform_system == Linux',
  'nvidia-x==1; not platform_system == "Linux"',
  'nvidia-x==1; constructor == "Linux"',
])('"%s" is left to pip', (line) => {
  expect(() => read([line])).toThrow(
    expect.objectContaining({ code: 'SEMPLES_FETCH_FAILED', message: expect.stringMatching(/Install pip/) }),
  )
})
