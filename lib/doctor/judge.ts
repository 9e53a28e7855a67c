import type { Facts } from './facts.js'
import type { Finding } from './finding.js'
import { judgeDevices, judgeToolkit } from './judge/devices.js'
import { judgeDriver } from './judge/driver.js'
import { judgeCache, judgeSharp, judgeWriteAccess } from './judge/folders.js'
import { judgeMemory, judgeThreads } from './judge/hardware.js'
import { judgeKernels } from './judge/kernels.js'
import { judgeAddon, judgeLibTorch, judgeNode, judgeSystem } from './judge/program.js'

/** Judges what was found, in the order of `subjects`. Nothing is read here: the same facts give the same findings. */
export function judge(facts: Facts): Finding[] {
  const driver = judgeDriver(facts)
  return [
    judgeNode(facts),
    judgeSystem(facts),
    judgeAddon(facts),
    judgeLibTorch(facts),
    driver,
    judgeToolkit(facts),
    judgeDevices(facts, driver),
    judgeKernels(facts),
    judgeThreads(facts),
    judgeMemory(facts),
    judgeCache(facts),
    judgeSharp(facts),
    ...judgeWriteAccess(facts),
  ]
}
