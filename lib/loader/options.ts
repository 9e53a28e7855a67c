import { z } from 'zod'
import { choice, weight, whole, wholeOrAuto } from '../base/fields.js'

/** Reading pictures. Nothing here but `resample` and `unreadable` changes a number. */
export const loaderSchema = z.strictObject({
  resample: choice(
    ['fast', 'exact'],
    "How training pictures are resized: sharp's cubic, or Pillow's bicubic byte for byte.",
  ).default('fast'),
  prefetch: whole(1, 'Batches made ahead of the one in use.', { unit: 'batches' }).default(2),
  concurrency: wholeOrAuto('Pictures decoded at a time; auto follows the number of processors.').default('auto'),
  cacheMegabytes: weight('Memory for decoded pictures, so that small data sets are decoded once.', {
    unit: 'megabytes',
  }).default(256),
  unreadable: choice(
    ['error', 'skip'],
    'What an unreadable picture does: stop the run, or be left out and counted.',
  ).default('error'),
})
