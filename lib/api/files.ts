import type { TensorData } from '../base/tensor.js'
import type { CamFile, CamFileOptions } from '../formats/camFile/camFile.js'
import type { LabelMap } from '../masks/labelMap.js'
import type { Orientation } from '../masks/orientation.js'
import type { Palette } from '../masks/palette.js'
import type { ReadMaskOptions } from '../masks/png.js'

/**
 * Reads a mask. Indexed PNGs (1, 2, 4 or 8 bit) give their indices, 8-bit grey PNGs their grey values,
 * truecolour PNGs the ids of their colours when a palette is given.
 *
 * @returns class ids, row-major; 0 background, 255 void
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`, `SEMPLES_MASK_INVALID` (not a whole PNG, a PNG whose pixels are not ids,
 *   a colour that is not in the palette)
 * @example
 * import { readMask } from 'semples'
 *
 * const { width, height, data } = await readMask('masks/harbour.png')
 * const background = data.filter((id) => id === 0).length / data.length
 * console.log(`${width} x ${height}, ${Math.round(100 * background)} % background`) // e.g. 500 x 375, 81 % background
 */
export async function readMask(file: string, options?: ReadMaskOptions): Promise<LabelMap> {
  return (await import('../masks/png.js')).readMask(file, options)
}

/**
 * Writes a mask as an indexed PNG (colour type 3, 8 bit) whose pixel values are the class ids. Atomic; an older file of
 * that name is replaced, whatever it was.
 *
 * @param palette 256 colours, for viewers only; default the VOC palette
 * @param orientation of the picture that the mask is for, noted in the file; default: nothing is said
 * @throws SemplesError `SEMPLES_ARGUMENT_INVALID` when the data is not width * height, `SEMPLES_WRITE_FAILED`
 * @example
 * import { readMask, VOID_ID, writeMask } from 'semples'
 *
 * const mask = await readMask('masks/harbour.png')
 * // Class 1 becomes void, which training and evaluation ignore.
 * await writeMask('harbour.png', { ...mask, data: mask.data.map((id) => (id === 1 ? VOID_ID : id)) })
 * console.log((await readMask('harbour.png')).data.includes(1)) // false
 */
export async function writeMask(
  file: string,
  mask: LabelMap,
  palette?: Palette,
  orientation?: Orientation,
): Promise<void> {
  return (await import('../masks/png.js')).writeMask(file, mask, palette, orientation)
}

/**
 * Reads the CAMs or score maps of one picture from any of the files that semples and the programs of the field write. No
 * code of the file is ever run: pickles are read as data. This is the reader of `semples refine` and
 * `semples eval --cams` too.
 *
 * | file | holds | written by |
 * | --- | --- | --- |
 * | .npz | one [H, W] array a class, named `0`, `15`, `class_15` | semples with `--npz`; `numpy.savez`, `numpy.savez_compressed` |
 * | .npz | `keys` and one of the arrays below, or one array alone | the same |
 * | .npz | `arr_0` and `arr_1`: maps, and a class id for each | `numpy.savez(path, cam, ids)` |
 * | .npy | an array [C, H, W], and behind it an array [C] of class ids | semples with `--npy`; `numpy.save` twice into an open file |
 * | .npy | an array [C, H, W], [H, W] or [1, C, H, W] | `numpy.save(path, cam)` |
 * | .npy | a dictionary {class: [H, W]} | WeakTr: `numpy.save(path, {class: cam, ...})` |
 * | .npy | a dictionary of `keys` and `cam`, `high_res` | IRN: arrays or torch tensors |
 * | .npy | a dictionary of `keys` and `attn_highres` | CLIP-ES: float16 |
 * | .pkl | any of these as a pickle; a list of [H, W] | `pickle.dump` |
 * | .pt, .pth | any of these | `torch.save` |
 *
 * A dictionary or archive without arrays, or with empty `keys` and no maps, is a picture without classes: no maps, of no
 * size. Texts, dates and records beside the maps are passed over. With `options.axes: 'hwc'` arrays are [H, W, C].
 *
 * **Classes.** Names are class ids: those of arrays in a .npz file, texts as keys of a dictionary, and so are the numbers
 * behind the array of a .npy file. Numbers as keys of a dictionary and those of `keys` are indices of classes counted
 * from 0 without the background: the class id is one more (`options.classOffset` is another distance). Class -1 and a
 * map that no key belongs to are the background, 0. Other names are looked up in `options.classNames`. An array alone says nothing of classes: `classIds` is undefined,
 * and refinement and evaluation refuse it, unless they are told (`options.classes`).
 *
 * Of several arrays the first of `attn_highres`, `high_res`, `highres`, `highres_cam`, `hr_cam`, `maps`, `scores`, `probs`,
 * `logits`, `cams`, `cam` is taken, or that of `options.entry`. All kinds of numbers (float16, bfloat16, float32,
 * float64, integers, booleans), either byte order and Fortran order become float32 in C order. What kind of file it
 * is its first bytes say, not its name.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`, `SEMPLES_FILE_TOO_LARGE`; `SEMPLES_NPY_INVALID`, `SEMPLES_NPY_DTYPE`;
 *   `SEMPLES_PICKLE_REFUSED` (naming what the file asks for, `os.system`), `SEMPLES_PICKLE_INVALID`;
 *   `SEMPLES_CAM_INVALID` (maps of different sizes, classes that do not fit, nothing or too much to choose from, no array
 *   `options.entry`)
 * @example
 * import { readCamFile } from 'semples'
 *
 * const { maps, classIds } = await readCamFile('cams/harbour.npz')
 * console.log(maps.dtype, maps.shape.join(' x ')) // e.g. float32 2 x 375 x 500
 * console.log(classIds?.join(', ')) // e.g. 1, 3
 */
export async function readCamFile(file: string, options?: CamFileOptions): Promise<CamFile> {
  return (await import('../formats/camFile/camFile.js')).readCamFile(file, options)
}

/**
 * Reads a NumPy array: either byte order, C or Fortran order (returned in C order), format versions 1 to 3.
 * float16 comes as its bits. Of several arrays saved into one file the first, as `numpy.load` does.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`, `SEMPLES_NPY_INVALID` (no or no whole .npy file),
 *   `SEMPLES_NPY_DTYPE` (object arrays, records, complex numbers, strings, other integers)
 * @example
 * import { readNpy } from 'semples'
 *
 * const { dtype, shape, data } = await readNpy('scores.npy')
 * console.log(dtype, shape.join(' x ')) // float32 3 x 4 x 5
 * console.log(data.length) // 60
 */
export async function readNpy(file: string): Promise<TensorData> {
  return (await import('../formats/npy.js')).readNpy(file)
}

/**
 * Writes a NumPy array (version 1.0, little-endian, C order). Atomic; an older file of that name is replaced. bfloat16
 * has no NumPy type.
 *
 * @throws SemplesError `SEMPLES_ARGUMENT_INVALID` when the data does not fit the shape or the dtype, `SEMPLES_WRITE_FAILED`
 * @example
 * import { readNpy, writeNpy } from 'semples'
 *
 * const data = Float32Array.of(0.1, 0.9, 0.4, 0.6)
 * await writeNpy('scores.npy', { dtype: 'float32', shape: [2, 2], data }) // numpy.load('scores.npy') reads it
 * console.log((await readNpy('scores.npy')).shape) // [ 2, 2 ]
 */
export async function writeNpy(file: string, tensor: TensorData): Promise<void> {
  return (await import('../formats/npy.js')).writeNpy(file, tensor)
}
