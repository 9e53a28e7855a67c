import { describe, expect, test } from '@jest/globals'
import { readPickle } from '../../../lib/formats/pickle/pickle.js'
import { placeholdersIn } from '../../../lib/formats/pickle/placeholders.js'
import { PickledObject, type PickleValue } from '../../../lib/formats/pickle/values.js'
import { named, opcodes, pickled, text, tuple } from './pickleWriter.js'

const call = (global: string, ...args: unknown[]) => ({ global, args })
const read = (pickle: Uint8Array) => readPickle(pickle, 'weights.pth', 0, true)

/** Programs, by whatever name a pickle of Python 2 or 3 on some system has for them. */
const DENIED = `os.system os.popen os.getcwd os.path.join posix.system nt.system subprocess.Popen subprocess.run
  builtins.eval builtins.exec builtins.compile builtins.__import__ builtins.getattr builtins.open builtins.map
  __builtin__.eval __builtin__.execfile __builtin__.file __builtin__.apply runpy.run_path shutil.rmtree socket.socket
  sys.exit sys.modules importlib.import_module pty.spawn webbrowser.open ctypes.CDLL code.interact
  code.InteractiveInterpreter pip.main pip._internal.main operator.attrgetter operator.methodcaller
  _operator.methodcaller functools.partial functools.reduce torch.load torch.hub.load torch.jit.load
  torch.serialization.load torch.utils.cpp_extension.load pickle.loads _pickle.loads cPickle.loads marshal.loads
  types.FunctionType types.CodeType timeit.timeit pdb.run cProfile.run bdb.Bdb urllib.request.urlopen
  requests.get http.client.HTTPSConnection io.open _io.FileIO numpy.load numpy.testing._private.utils.runstring
  asyncio.create_subprocess_shell multiprocessing.Process cloudpickle.cloudpickle._make_function dill._dill._eval_repr
  builtins.eval.__call__ pathlib.PosixPath.__init__.__globals__ mine.Net.__class__ atexit.register`.split(/\s+/)

describe('with placeholders', () => {
  test.each(DENIED)('%s is refused by name, called or only put there', (path) => {
    const dot = path.startsWith('builtins.eval.') ? 'builtins'.length : path.indexOf('.')
    for (const at of new Set([path.lastIndexOf('.'), dot])) {
      const name = opcodes(text(path.slice(0, at)), text(path.slice(at + 1)), 0x93)
      const refused = expect.objectContaining({ code: 'SEMPLES_PICKLE_REFUSED', value: path })
      expect(() => read(opcodes(name, '(', text('true'), 'tR.'))).toThrow(refused)
      expect(() => read(opcodes('}', text('a'), name, 's.'))).toThrow(refused)
    }
  })

  test.each([
    'argparse.Namespace',
    'omegaconf.dictconfig.DictConfig',
    'yacs.config.CfgNode',
    'code.models.Net',
    'site.Config',
    'operation.Scale',
    'osmosis.Model',
    'builtins.complex',
    'builtins.slice',
    '__builtin__.xrange',
    'functools32.Partial',
    'torch.optim.adamw.AdamW',
    'mine.Net.Settings',
  ])('%s is an object of which nothing is read', (path) => {
    const value = read(pickled(call(path, 1, 'x')))
    expect(value).toBeInstanceOf(PickledObject)
    expect(value).toMatchObject({ path, args: [1, 'x'] })
  })

  test('what the file gives an object stands in it as it is', () => {
    const object = opcodes(named('mine.Config'), ')\x81')
    const state = opcodes('}', text('lr'), 'K\x01s')
    expect(read(opcodes(object, state, 'b.'))).toMatchObject({ path: 'mine.Config', state: new Map([['lr', 1]]) })
    expect(read(opcodes(object, '(', text('a'), 'K\x02u.'))).toMatchObject({ entries: new Map([['a', 2]]) })
    expect(read(opcodes(object, '(K\x01K\x02e.'))).toMatchObject({ items: [1, 2] })
    expect(read(opcodes(object, '(K\x01\x90.'))).toMatchObject({ items: [1] })
    // Made with arguments by name, and an object that is called.
    expect(read(opcodes(named('mine.Config'), ')', state, '\x92.'))).toMatchObject({ path: 'mine.Config' })
    expect(read(opcodes(object, ')R.'))).toMatchObject({ path: 'mine.Config' })
  })

  test('an object of the oldest protocols has the path of its class', () => {
    const pickle = opcodes('ccopy_reg\n_reconstructor\n(cmine\nOld\nc__builtin__\nobject\nNtR}', text('a'), 'K\x01sb.')
    expect(read(pickle)).toMatchObject({ path: 'mine.Old', state: new Map([['a', 1]]) })
  })

  test.each([
    ['a persistent id', opcodes('Pmine\n.')],
    ['an extension', opcodes('\x82\x01.')],
    ['attributes of a class', opcodes(named('mine.Net'), '}b.')],
    ['named arguments of a table function', opcodes(named('collections.OrderedDict'), ')}', text('a'), 'K\x01s\x92.')],
    ['a module without a name', opcodes(text(''), text('__proto__'), '\x93.')],
  ])('%s is refused all the same', (_, pickle) => {
    expect(() => read(pickle)).toThrow(expect.objectContaining({ code: 'SEMPLES_PICKLE_REFUSED' }))
  })

  test.each([
    ['appending to a tuple', opcodes(')K\x02a.')],
    ['setting items of a list', opcodes(']K\x01K\x02s.')],
    ['calling a number', opcodes('K\x01)R.')],
    ['calling without a tuple', opcodes(named('mine.Net'), ']R.')],
  ])('%s is damage all the same', (_, pickle) => {
    expect(() => read(pickle)).toThrow(expect.objectContaining({ code: 'SEMPLES_PICKLE_INVALID' }))
  })
})

test('without placeholders every class of another program is refused, and a Namespace takes no items', () => {
  for (const path of [
    'mine.Net',
    'torch.optim.adamw.AdamW',
    'torch.ComplexFloatStorage',
    'torch._utils._rebuild_qtensor',
  ]) {
    expect(() => readPickle(pickled(call(path)), 'cam.npy')).toThrow(
      expect.objectContaining({ code: 'SEMPLES_PICKLE_REFUSED', value: path }),
    )
  }
  const filled = opcodes(named('argparse.Namespace'), ')RK\x01K\x02s.')
  expect(() => readPickle(filled, 'cam.npy')).toThrow(expect.objectContaining({ code: 'SEMPLES_PICKLE_INVALID' }))
})

describe('placeholdersIn', () => {
  const found = (value: unknown) => placeholdersIn(read(pickled(value)))

  test('says of each class how many there are and where the first is', () => {
    const inner = call('mine.Inner')
    const value = new Map<string, unknown>([
      ['epoch', 3],
      ['optimizer', new Map([['param_groups', [1, call('mine.Group', inner)]]])],
      ['args', call('argparse.Namespace')],
      ['pair', tuple(call('argparse.Namespace'), inner)],
    ])
    // The inner one is one object, met twice.
    expect(found(value)).toEqual([
      { path: 'argparse.Namespace', count: 2, where: 'args' },
      { path: 'mine.Inner', count: 1, where: 'pair[1]' },
      { path: 'mine.Group', count: 1, where: 'optimizer.param_groups[1]' },
    ])
  })

  test('places of values that lie in each other without end stay short', () => {
    let value: PickleValue = new PickledObject('mine.Net')
    for (let level = 0; level < 5000; level++) value = new Map([['layer'.repeat(level % 7), value]])
    const [placeholder, ...others] = placeholdersIn(new Map([['a'.repeat(1e6), value]]))
    expect(placeholder).toMatchObject({ path: 'mine.Net', count: 1 })
    expect(placeholder!.where.length).toBeLessThan(1100)
    expect(others).toEqual([])
  })

  test('a whole that is one has no place', () => {
    expect(found(call('mine.Net'))).toEqual([{ path: 'mine.Net', count: 1, where: '' }])
  })

  test('ends where values hold themselves', () => {
    const list: PickleValue[] = []
    list.push(list, new PickledObject('mine.Net', [list]))
    expect(placeholdersIn(list)).toEqual([{ path: 'mine.Net', count: 1, where: '[1]' }])
  })
})
