import { z } from 'zod'
import { choice, positive, weight, whole } from '../base/fields.js'

/** How the learning rate falls over a stage. */
export const scheduleSchema = z.strictObject({
  kind: choice(
    ['cosine', 'cosine-steps', 'poly', 'constant'],
    'How the learning rate falls: along a cosine, epoch by epoch (published code) or step by step; as a power of what is left, step by step; or not.',
  ).default('cosine'),
  power: positive('Exponent of poly. Default 0.9.').optional(),
  floor: weight('Learning rate that poly ends at, before the factors of groups. Default 0.').optional(),
  warmup: whole(0, 'First steps of a stage, over which the rate rises in a line from near 0.', {
    unit: 'steps',
  }).default(0),
})

export type Schedule = z.infer<typeof scheduleSchema>

/** A step within a stage; all zero-based. */
export interface StepPlace {
  epoch: number
  epochs: number
  step: number
  /** Steps an epoch. */
  steps: number
}

/**
 * The learning rate of a step.
 * @param base effective learning rate at the start (already scaled by batch size)
 */
export function learningRateAt(schedule: Schedule, base: number, place: StepPlace): number {
  const made = place.epoch * place.steps + place.step
  const risen = made < schedule.warmup ? (made + 1) / schedule.warmup : 1
  return risen * fallen(schedule, base, place)
}

function fallen(schedule: Schedule, base: number, { epoch, epochs, step, steps }: StepPlace): number {
  const done = (epoch * steps + step) / (epochs * steps)
  switch (schedule.kind) {
    case 'cosine':
      return cosineByEpoch(base, epoch, epochs)
    case 'cosine-steps':
      return (base / 2) * (1 + Math.cos(Math.PI * done))
    case 'poly': {
      const { power = 0.9, floor = 0 } = schedule
      return (base - floor) * (1 - done) ** power + floor
    }
    case 'constant':
      return base
  }
}

/**
 * Learning rate of an epoch under a cosine schedule that is advanced after each epoch with that epoch's own index:
 * epochs 0 and 1 share the base rate, epoch e ≥ 1 has `base / 2 * (1 + cos(π (e - 1) / epochs))`, and the last one is
 * not yet at zero.
 *
 * @param base effective learning rate (already scaled by batch size)
 * @param epoch zero-based
 * @param epochs length of the schedule, > 0
 */
export function cosineByEpoch(base: number, epoch: number, epochs: number): number {
  const finished = Math.max(0, epoch - 1)
  return (base / 2) * (1 + Math.cos((Math.PI * finished) / epochs))
}
