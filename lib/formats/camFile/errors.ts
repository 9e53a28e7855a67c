import { SemplesError } from '../../base/error.js'

/** A file whose numbers could be read, but that is no file of CAMs or score maps as far as one can tell. */
export function camFileInvalid(file: string, why: string, hint?: string): SemplesError {
  return new SemplesError('SEMPLES_CAM_FILE_INVALID', {
    message: `${file} holds no maps that are understood: ${why}.`,
    file,
    hint: hint ?? 'Save them as numpy.savez(path, **{str(class_id): map}), one [H, W] array a class.',
  })
}
