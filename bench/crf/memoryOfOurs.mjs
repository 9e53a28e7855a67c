// A process that refines once and prints how much its resident memory grew at the peak, result included (Linux).
import { readFileSync, writeFileSync } from 'node:fs'
import { readNpy } from '../../dist/formats/npy.js'
import { loadAddon } from '../../dist/native/load.js'
import { refineRequest } from './ours.mjs'

/** Bytes of this process: `VmRSS` now, `VmHWM` at the peak. */
const status = (field) =>
  1024 * Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))[1])

const { image: imageFile, unary: unaryFile, settings } = JSON.parse(readFileSync(0, 'utf8'))
const image = await readNpy(imageFile)
const unary = await readNpy(unaryFile)
const [height, width] = image.shape
const addon = loadAddon()
const tiny = { data: new Uint8Array(16 * 16 * 3), height: 16, width: 16 }
await addon.refine(refineRequest(tiny, new Float32Array(2 * 16 * 16), settings, 1)).result

const request = refineRequest({ data: image.data, height, width }, unary.data, settings, 1)
globalThis.gc()
const before = status('VmRSS')
writeFileSync('/proc/self/clear_refs', '5')
await addon.refine(request).result
console.log(JSON.stringify({ bytes: status('VmHWM') - before }))
