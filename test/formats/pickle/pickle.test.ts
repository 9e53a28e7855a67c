import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { readPickle } from '../../../lib/formats/pickle/pickle.js'
import { PickledTuple, type PickleValue } from '../../../lib/formats/pickle/values.js'
import { named, opcodes, pickled, text, tuple } from './pickleWriter.js'

// values.py beside it says what it holds.
const file = path.join(import.meta.dirname, '../../fixtures/camFiles/values.json')
const values = JSON.parse(readFileSync(file, 'utf8')) as { python: string; protocol: number; pickle: string }[]

const bytes = (...numbers: number[]) => Uint8Array.from(numbers)
const items = (value: PickleValue | undefined) => (value as PickledTuple).items

describe('what Python wrote', () => {
  test.each(values)('values, Python $python, protocol $protocol', ({ python, pickle }) => {
    const [integers, constants, texts, containers] = readPickle(Buffer.from(pickle, 'base64'), 'x') as PickleValue[][]
    expect(integers).toEqual(
      [1, -1, 255, 256, 65535, 65536, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, -(2 ** 40)].concat([
        2n ** 53n,
        2n ** 70n,
        -(2n ** 70n),
      ] as unknown as number[]),
    )
    expect(constants).toEqual([1.5, -0, 1e300, Infinity, -Infinity, true, false, null])
    const [accents, smile, raw, empty, array] = texts!
    expect([accents, smile, array]).toEqual(['\xe9\n\r\\u0041\\', '\u{1F600}', bytes(1, 0xfe)])
    // Python 2 has one type for texts and bytes.
    const content = python === '2.7' ? ['\x00\xff\n\'"\\', ''] : [bytes(0, 0xff, 10, 39, 34, 92), bytes()]
    expect([raw, empty]).toEqual(content)
    for (let length = 0; length < 5; length++) {
      expect(items(containers![length])).toEqual(Array.from({ length }, (_, i) => i + 1))
    }
    expect(containers!.slice(5)).toEqual([new Map([['a', new Map([['b', []]])]]), new Set([7]), new Set([8])])
  })

  test('what is recalled is the same object, also within itself', () => {
    const twice = readPickle(opcodes('(]p0\ng0\nl.'), 'x') as PickleValue[]
    expect(twice[0]).toBe(twice[1])
    const list = readPickle(opcodes(']p0\ng0\na.'), 'x') as PickleValue[]
    expect(list[0]).toBe(list)
    const dictionary = readPickle(opcodes('}p0\nK\x01g0\ns.'), 'x') as Map<PickleValue, PickleValue>
    expect(dictionary.get(1)).toBe(dictionary)
  })

  test('no key becomes a property', () => {
    const names = ['__proto__', 'constructor', 'toString']
    const value = readPickle(pickled(new Map(names.map((name) => [name, new Map([['polluted', 1]])]))), 'x')
    expect([...(value as Map<PickleValue, PickleValue>).keys()]).toEqual(names)
    expect('polluted' in {}).toBe(false)
  })

  test('the operations that Python itself seldom writes: DUP, POP, POP_MARK, INST, OBJ', () => {
    const made = 'collections.OrderedDict'
    const written = opcodes('(K\x01', '2', '(NN1', 'N0', '(0', '(icollections\nOrderedDict\n', '(', named(made), 'ol.')
    expect(readPickle(written, 'x')).toEqual([1, 1, new Map(), new Map()])
  })
})

describe('names that are not in the table', () => {
  const call = (name: string, ...args: unknown[]) => pickled({ global: name, args })
  const refused: Record<string, [pickle: Uint8Array, what: string]> = {
    'os.system': [call('os.system', 'true'), 'os.system'],
    'posix.system, protocol 0': [opcodes("cposix\nsystem\n(S'true'\ntR."), 'posix.system'],
    'builtins.eval': [call('builtins.eval', '1'), 'builtins.eval'],
    '__builtin__.eval': [opcodes("c__builtin__\neval\n(S'1'\ntR."), '__builtin__.eval'],
    'builtins.getattr': [call('builtins.getattr', 1, 'x'), 'builtins.getattr'],
    'INST of os.system': [opcodes("(S'true'\nios\nsystem\n."), 'os.system'],
    'OBJ of os.system': [opcodes('(', named('os.system'), "S'true'\no."), 'os.system'],
    'NEWOBJ of subprocess.Popen': [opcodes(named('subprocess.Popen'), ')\x81.'), 'subprocess.Popen'],
    'a name that is only put there': [opcodes(named('os.system'), '0K\x01.'), 'os.system'],
    'within the arguments of NumPy': [call('numpy.dtype', { global: 'os.system', args: ['true'] }), 'os.system'],
    'within a torch storage': [
      call('torch.storage._load_from_bytes', torchFile(opcodes(named('os.system'), "(S'true'\ntR."))),
      'os.system',
    ],
    'torch.load': [call('torch.load', 'x'), 'torch.load'],
    "NumPy's own eval": [call('numpy.testing._private.utils.runstring', 'x'), 'numpy.testing._private.utils.runstring'],
    'a path through a class': [opcodes(text('numpy'), text('ndarray.__class__'), '\x93.'), 'numpy.ndarray.__class__'],
    'names of JavaScript': [call('Object.constructor', 'x'), 'Object.constructor'],
    'the prototype': [opcodes(text(''), text('__proto__'), '\x93.'), '.__proto__'],
    'a class that is only named': [call('numpy.ndarray', tuple(1)), 'numpy.ndarray()'],
    'a storage class': [call('torch.FloatStorage', 1), 'torch.FloatStorage()'],
    'a torch storage within another': [
      call('torch.storage._load_from_bytes', torchFile(call('torch.storage._load_from_bytes', bytes(1)))),
      'torch.storage._load_from_bytes within a torch storage',
    ],
    attributes: [opcodes(']}b.'), 'attributes of an object'],
    'attributes of a name': [opcodes(named('collections.OrderedDict'), '}b.'), 'attributes of an object'],
    'named arguments': [
      opcodes(named('collections.OrderedDict'), ')}', text('a'), 'K\x01s\x92.'),
      'a call with named arguments',
    ],
    'persistent ids': [opcodes('Pos.system\n.'), 'an object outside of the file (a persistent id)'],
    'binary persistent ids': [opcodes('K\x01Q.'), 'an object outside of the file (a persistent id)'],
    extensions: [opcodes('\x82\x01.'), 'the registry of extensions of a Python process'],
    buffers: [opcodes('\x97.'), 'a buffer outside of the file'],
    'a record type under another name': [opcodes(dtype('f8'), recordState(), 'b.'), 'a NumPy record type'],
  }

  test.each(Object.entries(refused))('%s', (_, [pickle, what]) => {
    expect(() => readPickle(pickle, 'cam.npy')).toThrow(
      expect.objectContaining({
        name: 'SemplesError',
        code: 'SEMPLES_PICKLE_REFUSED',
        file: 'cam.npy',
        value: what,
        message: expect.stringMatching(/cam\.npy is a pickle that asks for .*Nothing was run.*numpy\.savez/),
      }),
    )
  })
})

describe('what does not fit together', () => {
  const frombuffer = (shape: readonly number[], content: Uint8Array, kind = 'f4') => ({
    global: 'numpy.core.numeric._frombuffer',
    args: [content, { global: 'numpy.dtype', args: [kind, false, true] }, tuple(...shape), 'C'],
  })
  const tensor = (offset: unknown, shape: readonly number[], strides: readonly number[], count = 4) => ({
    global: 'torch._utils._rebuild_tensor_v2',
    args: [
      { global: 'torch.storage._load_from_bytes', args: [torchStorage(count)] },
      ...[offset, tuple(...shape), tuple(...strides), false, new Map()],
    ],
  })
  const invalid: Record<string, [pickle: Uint8Array, message: RegExp]> = {
    nothing: [opcodes(), /byte 0 it announces 1 bytes, 0 follow/],
    'no value': [opcodes('.'), /never put there/],
    'a value below a mark': [opcodes('K\x01(.'), /never put there/],
    'no mark': [opcodes('t.'), /ends a list without a start/],
    'no such operation': [opcodes('\xff'), /byte 0 \(255\) is no operation/],
    'no such protocol': [opcodes('\x80\x06'), /protocol 6/],
    'bytes behind it': [opcodes('N.N'), /1 bytes follow its end/],
    'a place that is empty': [opcodes('h\x05.'), /recalls value 5/],
    'a place that is no number': [opcodes('Np-1\n.'), /no number/],
    'bytes beyond the file': [opcodes('\x8e', length(2n ** 60n), '.'), /announces \d+ bytes, 1 follow/],
    'bytes beyond 2^53': [opcodes('\x96', length(2n ** 64n - 1n), '.'), /announces \d+ bytes, 1 follow/],
    'a text beyond any': [opcodes('\x8d', length(2n ** 40n), 'a.'), /a text of 1099511627776 bytes/],
    'a text beyond the file': [opcodes('X', bytes(255, 255, 255, 0), 'a.'), /announces 16777215 bytes, 2 follow/],
    'a frame beyond the file': [opcodes('\x95', length(2n ** 40n), 'N.'), /frame of 1099511627776 bytes/],
    'an integer beyond the file': [opcodes('\x8b', bytes(0, 0, 0, 128), '.'), /integer of 2147483648 bytes/],
    'an integer of many digits': [opcodes(`L${'9'.repeat(81)}L\n.`), /up to 80 digits/],
    'an integer that is none': [opcodes('I1e3\n.'), /up to 80 digits/],
    'a float that is none': [opcodes('F1.2.3\n.'), /floating-point/],
    'a string without quotes': [opcodes('Sabc\n.'), /quotes/],
    'a line that does not end': [opcodes('I12'), /does not end/],
    'no UTF-8': [opcodes('\x8c\x01\xff.'), /not UTF-8/],
    'no Unicode': [opcodes('V\\U00110000\n.'), /beyond Unicode/],
    'appending to a number': [opcodes('K\x01K\x02a.'), /no list/],
    'appending to a tuple': [opcodes(')K\x02a.'), /no list/],
    'setting items of a list': [opcodes(']K\x01K\x02s.'), /no dictionary/],
    'a key without value': [opcodes('}(K\x01u.'), /no value/],
    'adding to a list': [opcodes('](K\x01\x90.'), /no set/],
    'calling a number': [opcodes('K\x01)R.'), /no Python name/],
    'calling without a tuple': [opcodes(named('collections.OrderedDict'), ']R.'), /without a tuple/],
    'a name that is a number': [opcodes('K\x01K\x02\x93.'), /no text/],
    'a dictionary of numbers': [pickled({ global: 'collections.OrderedDict', args: [[1]] }), /pairs/],
    'a dictionary of a number': [pickled({ global: 'collections.OrderedDict', args: [1] }), /list/],
    'encoding as UTF-8': [pickled({ global: '_codecs.encode', args: ['a', 'utf-8'] }), /latin1/],
    'encoding more than latin1': [
      pickled({ global: '_codecs.encode', args: ['\u20ac', 'latin1'] }),
      /other characters/,
    ],
    'bytes by count': [pickled({ global: 'builtins.bytes', args: [1_000_000_000] }), /no bytes/],
    'an array that is too short': [pickled(frombuffer([2, 2], bytes(0, 0, 0, 0))), /needs 16 bytes, 4 are there/],
    'an array of 2^50 bytes': [pickled(frombuffer([2 ** 24, 2 ** 24], bytes())), /needs 1125899906842624 bytes/],
    'an array beyond 2^53': [pickled(frombuffer(Array(32).fill(2 ** 30), bytes())), /shape/],
    'a negative size': [pickled(frombuffer([-1, -1], bytes(0, 0, 0, 0))), /shape/],
    'a size that is a fraction': [pickled(frombuffer([0.5, 2], bytes(0, 0, 0, 0))), /shape/],
    '33 axes': [pickled(frombuffer(Array(33).fill(1), bytes(0, 0, 0, 0))), /up to 32/],
    'an array without dtype': [
      pickled({ global: 'numpy._core.numeric._frombuffer', args: [bytes(0), 'f4', tuple(1), 'C'] }),
      /no dtype/,
    ],
    'a dtype without a type': [pickled({ global: 'numpy.dtype', args: [new Map()] }), /no type string/],
    'a dtype without a byte order': [opcodes(dtype('f4'), '(K\x03K\x04tb.'), /byte order/],
    'objects that are not all there': [
      opcodes(named('numpy.core.multiarray._reconstruct'), ')R(K\x01K\x05\x85', dtype('O8'), '\x89]tb.'),
      /as many as its shape/,
    ],
    'a scalar without a number': [pickled({ global: 'numpy.core.multiarray.scalar', args: [] }), /scalar/],
    'no torch storage': [pickled({ global: 'torch.storage._load_from_bytes', args: [bytes(1, 2, 3)] }), /do not start/],
    'a torch storage that is none': [
      pickled({ global: 'torch.storage._load_from_bytes', args: [torchFile(opcodes('N.'))] }),
      /hold something else/,
    ],
    'a torch storage without its numbers': [
      pickled({ global: 'torch.storage._load_from_bytes', args: [torchStorage(4).subarray(0, -1)] }),
      /not all there/,
    ],
    'a tensor without a storage': [pickled({ global: 'torch._utils._rebuild_tensor', args: [1, 0] }), /no storage/],
    'a tensor with too few strides': [pickled(tensor(0, [2, 2], [1])), /one stride a size/],
    'a tensor with a negative offset': [pickled(tensor(-1, [2, 2], [2, 1])), /shape/],
    'a parameter of nothing': [pickled({ global: 'torch._utils._rebuild_parameter', args: [] }), /no tensor/],
  }

  test.each(Object.entries(invalid))('%s', (_, [pickle, message]) => {
    expect(() => readPickle(pickle, 'cam.npy')).toThrow(
      expect.objectContaining({
        name: 'SemplesError',
        code: 'SEMPLES_PICKLE_INVALID',
        file: 'cam.npy',
        message: expect.stringMatching(message),
      }),
    )
  })

  test('the same pickles are read where they do fit', () => {
    expect(() => readPickle(pickled(frombuffer([2, 2], new Uint8Array(16))), 'x')).not.toThrow()
    expect(() => readPickle(pickled(tensor(0, [2, 2], [2, 1])), 'x')).not.toThrow()
    expect(readPickle(torchFile(opcodes('N.')), 'x')).toBeNull()
  })
})

describe('what would take too long or too much', () => {
  const tooLarge = expect.objectContaining({ code: 'SEMPLES_FILE_TOO_LARGE', file: 'x' })

  test('lists within lists: no recursion', () => {
    const depth = 400_000
    let value = readPickle(opcodes(']'.repeat(depth), 'a'.repeat(depth - 1), '.'), 'x')
    let seen = 0
    while (Array.isArray(value) && value.length > 0) {
      value = value[0]!
      seen++
    }
    expect(seen).toBe(depth - 1)
  })

  test('a list of two lists of two lists ...: shared, not copied', () => {
    expect(readPickle(opcodes('K\x01', '2\x86'.repeat(10_000), '.'), 'x')).toBeInstanceOf(PickledTuple)
  })

  test('a million values', () => {
    expect(readPickle(opcodes('(', 'N'.repeat(999_000), 'l.'), 'x')).toHaveLength(999_000)
    expect(() => readPickle(opcodes(']'.repeat(1_000_001)), 'x')).toThrow(tooLarge)
    expect(() => readPickle(opcodes('(', '('.repeat(2_000_000)), 'x')).toThrow(tooLarge)
  })

  test('the same text encoded, or the same list made a set, again and again', () => {
    const encode = opcodes(
      text('a'.repeat(100_000)),
      'p0\n0',
      named('_codecs.encode'),
      'p1\n0',
      text('latin1'),
      'p2\n0',
    )
    expect(() => readPickle(opcodes(encode, 'g1\ng0\ng2\n\x86R0'.repeat(1000), 'N.'), 'x')).toThrow(tooLarge)
    const sets = opcodes('(', 'N'.repeat(100_000), 'lp0\n0', named('builtins.set'), 'p1\n0')
    expect(() => readPickle(opcodes(sets, 'g1\ng0\n\x85R0'.repeat(1000), 'N.'), 'x')).toThrow(tooLarge)
  })

  test('the same torch storage read again and again', () => {
    const inner = torchStorage(1)
    const load = opcodes('C', inner.length, inner, 'p0\n0', named('torch.storage._load_from_bytes'), 'p1\n0')
    expect(() => readPickle(opcodes(load, 'g1\ng0\n\x85R0'.repeat(50_000), 'N.'), 'x')).toThrow(tooLarge)
  })
})

function length(value: bigint): Uint8Array {
  const result = Buffer.alloc(8)
  result.writeBigUInt64LE(value)
  return result
}

/** numpy.dtype(kind), not built. */
function dtype(kind: string): Uint8Array {
  return opcodes(named('numpy.dtype'), text(kind), '\x89\x88\x87R')
}

/** The state of a dtype with fields. */
function recordState(): Uint8Array {
  return opcodes('(K\x03', text('|'), 'N)}t')
}

/** A file of torch.save before 1.6 around the pickle of its object, without storages. */
function torchFile(root: Uint8Array, keys = opcodes('].'), numbers: Uint8Array = bytes()): Uint8Array {
  const magic = opcodes('\x80\x02\x8a\x0a', bytes(0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19), '.')
  return opcodes(magic, '\x80\x02M\xe9\x03.', '\x80\x02}.', root, keys, numbers)
}

/** A storage of so many float32 zeros, saved by itself. */
function torchStorage(count: number): Uint8Array {
  const id = opcodes('(', text('storage'), 'ctorch\nFloatStorage\n', text('0'), text('cpu'), 'K', count, 'Nt')
  return torchFile(
    opcodes(id, 'Q.'),
    opcodes('](', text('0'), 'e.'),
    opcodes(length(BigInt(count)), Buffer.alloc(4 * count)),
  )
}
