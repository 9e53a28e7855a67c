import type { CamMaps } from './maps.js'

/** The maps of a file with the classes as it says them. */
export interface FoundMaps {
  /**
   * The classes exactly as the file says, in its order. Undefined where the file has only an array. One fewer than
   * there are maps where the first map is the background and has no class of its own.
   */
  classes?: number[]
  maps: CamMaps
  /** Which array of the file was taken; undefined where it is the only one, or a dictionary of classes was stacked. */
  entry?: string
  /**
   * Whether the first map is certainly the background: there is one map more than `keys`, its class is -1, or it was
   * saved as `background` or `bg`. A first class 0 may be either, and is not taken for it.
   */
  background: boolean
  /**
   * The classes are class ids: names of arrays (`15` in a .npz file, texts as keys of a dictionary), or the ids behind
   * the maps of a .npy file. Numbers as keys and `keys` count classes from 0 without the background.
   */
  named: boolean
  /** The file holds one map of whole numbers without classes: class ids of pixels, as in a mask, rather than scores. */
  labelMap?: true
  /** The classes are class ids of the class table, found by their names. */
  lookedUp?: true
}
