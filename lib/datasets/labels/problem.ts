import { SemplesError } from '../../base/error.js'

const FORMS =
  'Write a CSV with the header file,labels and rows such as boat1.jpg,boat;person, or a JSON object { "boat1.jpg": ["boat", "person"] }.'

/** The error for a labels file that cannot be used; `why` goes on after its name. */
export function labelsInvalid(
  file: string,
  why: string,
  { hint = FORMS, value, expected, cause }: { hint?: string; value?: unknown; expected?: string; cause?: unknown } = {},
): SemplesError {
  return new SemplesError('SEMPLES_DATA_FILE_INVALID', {
    message: `The labels file ${file} ${why}.`,
    file,
    value,
    expected,
    hint,
    cause,
  })
}
