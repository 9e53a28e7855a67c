import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { zipSync } from 'fflate'
import { writeSafetensors } from '../../lib/formats/safetensors.js'
import { readWeights } from '../../lib/formats/stateDict.js'
import { temporaryFiles } from '../datasets/temporaryFiles.js'

/** The header of a file in a tar archive, as POSIX has it. */
function tar(name: string): Buffer {
  const header = Buffer.alloc(1024)
  header.write(name, 0)
  header.write('ustar\x0000', 257, 'latin1')
  return header
}

/** ModelProto: ir_version 8, producer_name "pytorch". */
const onnx = Buffer.from('\x08\x08\x12\x07pytorch\x1a\x05', 'latin1')
const lfs = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab\nsize 86538721\n'
const page = '\n<!DOCTYPE html>\n<html lang="en"><head>\n<title>Sign in</title></head></html>'
const denied = '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
const bytes = (start: string) => Buffer.concat([Buffer.from(start, 'latin1'), Buffer.alloc(40, 1)])

const files: [what: string, name: string, content: string | Uint8Array, why: RegExp, hint: RegExp][] = [
  ['nothing', 'w.pth', '', /it is empty/, /Download/],
  ['a Git LFS pointer', 'model.safetensors', lfs, /Git LFS pointer, and the file of 86,538,721 bytes/, /git lfs pull/],
  ['a page of a web site', 'w.pt', page, /a page of a web site \("Sign in"\)/, /copy the address of its download link/],
  ['a page in upper case', 'w.pt', '<HTML><body>no</body></HTML>', /a page of a web site that/, /Download/],
  ['an XML text', 'w.pth', denied, /an XML text, which says "Access Denied"/, /Download/],
  [
    'a JSON text',
    'w.pth',
    '{"error": "Repository not found"}',
    /a JSON text, which says "Repository not found"/,
    /Download/,
  ],
  ['a list in JSON', 'w.pth', '\ufeff [1, 2]', /a JSON text, and no index of weights/, /model\.safetensors/],
  ['a config', 'config.json', '{"hidden_size": 384}', /no index of weights/, /that lie beside it/],
  ['.npy', 'w.npy', bytes('\x93NUMPY\x01\x00'), /an array of NumPy/, /safetensors/],
  ['.npz', 'w.npz', zipSync({ 'w.npy': new Uint8Array(9) }), /an archive of NumPy/, /safetensors/],
  ['HDF5', 'w.h5', bytes('\x89HDF\r\n\x1a\n'), /an HDF5 file, as Keras/, /safetensors/],
  [
    'Keras',
    'w.keras',
    zipSync({ 'config.json': new Uint8Array(2), 'model.weights.h5': new Uint8Array(2) }),
    /model of Keras/,
    /safetensors/,
  ],
  ['ONNX', 'w.pth', onnx, /an ONNX model/, /torch\.save\(model\.state_dict\(\)/],
  ['ONNX by name', 'w.onnx', bytes('\x08\x07'), /an ONNX model/, /torch\.save/],
  [
    'a TensorFlow checkpoint',
    'model.ckpt.data-00000-of-00001',
    bytes('abc'),
    /a part of a TensorFlow checkpoint/,
    /safetensors/,
  ],
  [
    'the list of TensorFlow',
    'checkpoint',
    'model_checkpoint_path: "model.ckpt"\n',
    /list of checkpoints of TensorFlow/,
    /safetensors/,
  ],
  [
    'a zip with weights in it',
    'w.zip',
    zipSync({ 'deit.pth': new Uint8Array(4) }),
    /torch\.save did not write, with deit\.pth/,
    /Unpack it first, and give deit\.pth/,
  ],
  ['gzip', 'w.pth.gz', gzipSync(Buffer.from('weights')), /packed by gzip/, /gunzip/],
  ['tar', 'w.tar', tar('w.pth'), /a tar archive/, /tar -xf/],
  ['zeros', 'w.pth', Buffer.alloc(3000), /1,024 bytes that are all zero: a download that was not finished/, /Download/],
]

describe('what is no file of weights', () => {
  test.each(files)('%s is refused with what it is and what to do', async (_, name, content, why, hint) => {
    const file = join(await temporaryFiles({ [name]: content }), name)
    const failure = await readWeights(file).catch((error: unknown) => error)
    expect(failure).toMatchObject({
      name: 'SemplesError',
      code: 'SEMPLES_CHECKPOINT_INVALID',
      file,
      hint: expect.stringMatching(hint),
      message: expect.stringMatching(why),
    })
  })

  test('an archive without its end is cut off, and its size is said', async () => {
    const whole = zipSync({ 'archive/data.pkl': new Uint8Array(2000) }, { level: 0 })
    const file = join(await temporaryFiles({ 'w.pth': whole.subarray(0, 1500) }), 'w.pth')
    await expect(readWeights(file)).rejects.toMatchObject({
      code: 'SEMPLES_CHECKPOINT_INVALID',
      message: expect.stringMatching(
        /\(1,500 bytes\) is cut off or damaged: the end of its archive is missing.*Copy or download/,
      ),
    })
  })

  test('a folder is refused, naming the weights in it', async () => {
    const folder = await temporaryFiles({})
    await expect(readWeights(folder)).rejects.toMatchObject({
      code: 'SEMPLES_CHECKPOINT_INVALID',
      message: expect.stringMatching(/it is a folder.*Give the file in it that holds the weights\.$/),
    })
    await writeSafetensors(join(folder, 'model.safetensors'), {
      a: { dtype: 'uint8', shape: [1], data: Uint8Array.of(1) },
    })
    await expect(readWeights(folder)).rejects.toMatchObject({
      hint: expect.stringContaining(join(folder, 'model.safetensors')),
    })
  })
})
