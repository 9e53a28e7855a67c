import { describe, expect, test } from '@jest/globals'
import { readCgroup } from '../../lib/base/cgroup.js'
import { temporaryFolder, writeFiles } from '../libtorch/folders.js'

const limits = (files: Record<string, string>) => readCgroup(writeFiles(temporaryFolder(), files))

describe('limits of control groups', () => {
  test('nothing to read limits nothing', () => expect(limits({})).toEqual({}))

  test('version 2, as a container sees it', () => {
    expect(
      limits({
        'proc/self/cgroup': '0::/\n',
        'sys/fs/cgroup/memory.max': '4294967296\n',
        'sys/fs/cgroup/memory.current': '3000000000\n',
        'sys/fs/cgroup/memory.stat': 'anon 1000\ninactive_file 1000000000\nactive_file 5\n',
        'sys/fs/cgroup/cpu.max': '150000 100000\n',
      }),
    ).toEqual({ memoryLimit: 2 ** 32, memoryUsed: 2e9, processors: 1.5 })
  })

  test('version 2: "max" is no limit, and the tightest of a group and its parents holds', () => {
    expect(
      limits({
        'proc/self/cgroup': '0::/user.slice/job.scope\n',
        'sys/fs/cgroup/user.slice/job.scope/memory.max': 'max\n',
        'sys/fs/cgroup/user.slice/job.scope/cpu.max': 'max 100000\n',
        'sys/fs/cgroup/user.slice/memory.max': '2000000\n',
        'sys/fs/cgroup/user.slice/memory.current': '500000\n',
        'sys/fs/cgroup/user.slice/cpu.max': '400000 100000\n',
        'sys/fs/cgroup/memory.max': '900000000\n',
      }),
    ).toEqual({ memoryLimit: 2_000_000, memoryUsed: 500_000, processors: 4 })
  })

  test('version 1, where the path of the group is that of the host', () => {
    expect(
      limits({
        'proc/self/cgroup': '11:cpu,cpuacct:/docker/0a1b\n4:memory:/docker/0a1b\n0::/\n',
        'sys/fs/cgroup/memory/memory.limit_in_bytes': '1073741824\n',
        'sys/fs/cgroup/memory/memory.usage_in_bytes': '600000000\n',
        'sys/fs/cgroup/memory/memory.stat': 'inactive_file 1\ntotal_inactive_file 100000000\n',
        'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '200000\n',
        'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      }),
    ).toEqual({ memoryLimit: 2 ** 30, memoryUsed: 5e8, processors: 2 })
  })

  test('version 1 without limits says so by huge and negative numbers', () => {
    expect(
      limits({
        'proc/self/cgroup': '4:memory:/\n3:cpu:/\n',
        'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
        'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
        'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      }),
    ).toEqual({})
  })

  test('paths that leave the group, and texts that are none, are passed over', () => {
    expect(
      limits({
        'proc/self/cgroup': '0::/../../etc\nnonsense\n1:name=systemd:/x\n',
        'sys/fs/cgroup/memory.max': 'soon\n',
        'sys/fs/cgroup/cpu.max': 'a b\n',
      }),
    ).toEqual({})
  })
})
