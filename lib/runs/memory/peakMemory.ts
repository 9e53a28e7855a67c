import {
  type CamsJob,
  camsTerms,
  type MemoryTerm,
  type TrainingJob,
  totalOf,
  trainingTerms,
} from '../../models/memory/jobs.js'
import {
  type SegmentJob,
  type SegmentTrainingJob,
  segmentTerms,
  segmentTrainingTerms,
} from '../../models/memory/segmentJobs.js'
import { type RefinementJob, refinementTerms } from '../../refine/peakMemory.js'

export type { CamsJob, MemoryTerm, RefinementJob, SegmentJob, SegmentTrainingJob, TrainingJob }

/** A piece of work whose memory can be told from its shapes. */
export type MemoryJob = CamsJob | TrainingJob | SegmentJob | SegmentTrainingJob | RefinementJob

export interface PeakMemory {
  /** The most that the whole process holds at once, resident. */
  bytes: number
  /** What it is made of, at that moment. */
  terms: MemoryTerm[]
}

/**
 * The most memory that a job takes on the processor, from its shapes alone: nothing is allocated, and LibTorch is needed
 * for a dense CRF only. Within about -5 % and +20 % of what a process of that job alone really holds (test/runs/memory).
 */
export function peakMemory(job: MemoryJob): PeakMemory {
  const terms = termsOf(job)
  return { bytes: totalOf(terms), terms }
}

function termsOf(job: MemoryJob): MemoryTerm[] {
  switch (job.kind) {
    case 'cams':
      return camsTerms(job)
    case 'training':
      return trainingTerms(job)
    case 'segment':
      return segmentTerms(job)
    case 'segmentTraining':
      return segmentTrainingTerms(job)
    case 'refinement':
      return refinementTerms(job)
  }
}
