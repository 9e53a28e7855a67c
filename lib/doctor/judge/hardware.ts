import { count } from '../../base/count.js'
import { formatBytes } from '../../fetch/progress.js'
import type { Facts } from '../facts.js'
import { type Finding, ok, warning } from '../finding.js'

/** Two pools of threads, or more threads than processors, make steps several times longer. */
export function judgeThreads({ processors: facts, probe, openmp }: Facts): Finding {
  const { processors, quota, ompNumThreads } = facts
  const threads = probe?.runtime?.threads
  const usable = Math.max(1, Math.min(processors, Math.ceil(quota ?? processors)))
  const limit = quota === undefined ? '' : `, of which a limit of this container allows ${Number(quota.toFixed(2))}`
  const set = ompNumThreads === undefined ? '' : `, OMP_NUM_THREADS=${ompNumThreads}`
  const text = `${threads === undefined ? '' : `${count(threads, 'thread')} on `}${count(processors, 'processor')}${limit}${set}`
  if (ompNumThreads !== undefined && !/^\s*[1-9]\d*\s*(,\s*[1-9]\d*\s*)*$/.test(ompNumThreads)) {
    return warning('threads', {
      text: `${text}, which is no number`,
      details: probe?.said,
      remedy: 'Correct or unset OMP_NUM_THREADS:',
      commands: ['unset OMP_NUM_THREADS'],
    })
  }
  if ((threads ?? 0) > usable) {
    return warning('threads', {
      text: `${text}: more threads than can run at a time, which is slower`,
      remedy: 'Give LibTorch no more:',
      commands: [`export OMP_NUM_THREADS=${usable}`],
    })
  }
  if (openmp.length > 1) {
    return warning('threads', {
      text: `${text}; two OpenMP runtimes are loaded, each with its own threads`,
      details: openmp,
      remedy: 'Use a LibTorch that brings one runtime, as semples installs it:',
      commands: ['npx semples libtorch install'],
    })
  }
  // What OpenMP and LibTorch warned of while they were loaded.
  return ok('threads', text, probe?.said)
}

/**
 * Below this, training on photographs may end in "killed": the demo's small models take 0.5 GB (peak of a process that
 * trains them), and the weights of CLIP ViT-B/32 alone are 0.6 GB.
 */
const leastMemory = 2e9

export function judgeMemory({ memory, cuda }: Facts): Finding {
  const { totalBytes, availableBytes, limitBytes, usedOfLimitBytes = 0 } = memory
  const left = limitBytes === undefined ? availableBytes : Math.min(availableBytes, limitBytes - usedOfLimitBytes)
  const isLimited = limitBytes !== undefined && limitBytes < totalBytes
  const limit = isLimited ? `, limited to ${formatBytes(limitBytes)} for this process and its kin` : ''
  const text = `${formatBytes(Math.max(0, left))} available of ${formatBytes(totalBytes)}${limit}`
  if (left >= leastMemory) return ok('memory', text)
  const smaller = 'or train with a smaller batch (--set batch=8)'
  if (isLimited && cuda.driver.container) {
    return warning('memory', {
      text: `${text}: little for training`,
      remedy: `Give the container more, ${smaller}; for example:`,
      commands: ['docker run --memory 8g ...'],
    })
  }
  return warning('memory', {
    text: `${text}: little for training`,
    remedy: `${isLimited ? 'Raise the limit' : 'Close other programs'}, ${smaller}.`,
  })
}
