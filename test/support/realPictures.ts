import { resolve } from 'node:path'

/** The folder of real pictures: `SEMPLES_TEST_DATA`, else `../shared/data` beside the repository; it may be absent. */
export const pictureFolder = process.env.SEMPLES_TEST_DATA || resolve(import.meta.dirname, '../../../shared/data')
