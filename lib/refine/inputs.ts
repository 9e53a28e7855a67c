import type { RefineFolders, RefineInputs } from './types.js'

/** Whether inputs are given as folders, with or without options beside them. */
export function isFolders<T extends RefineFolders>(inputs: T | RefineInputs): inputs is T {
  return typeof inputs === 'object' && inputs !== null && 'images' in inputs && 'cams' in inputs
}
