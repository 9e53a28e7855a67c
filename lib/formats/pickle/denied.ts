/**
 * Python names that do something when they are called, by what they do. No checkpoint has a use for them, so a file that
 * holds one is an attack. Nothing would run here in any case: the list is for saying so instead of passing it over.
 * A module stands for all that is in it; of those whose names people give to modules of their own too, single functions.
 */
const DENIED: Readonly<Record<string, readonly string[]>> = {
  'runs programs': [
    ...['os', 'posix', 'nt', 'subprocess', '_posixsubprocess', 'pty', 'popen2', 'multiprocessing', 'asyncio'],
    ...['commands.getoutput', 'commands.getstatusoutput', 'platform.popen', 'webbrowser', 'antigravity', 'pip'],
    ...['ensurepip', 'setuptools', 'distutils', 'numpy.distutils', 'numpy.f2py', 'torch.utils.cpp_extension', 'pydoc'],
  ],
  'runs code': [
    ...['runpy', 'codeop', 'pdb', 'bdb', 'timeit', 'cProfile', 'doctest', 'idlelib', 'ctypes', '_ctypes', 'cffi'],
    ...['code.interact', 'code.compile_command', 'code.InteractiveInterpreter', 'code.InteractiveConsole'],
    ...['profile.run', 'profile.runctx', 'profile.Profile', 'trace.Trace', 'trace.main', 'IPython'],
    ...[
      'types.FunctionType',
      'types.LambdaType',
      'types.CodeType',
      'types.MethodType',
      'cloudpickle',
      'dill',
      'marshal',
    ],
    ...['numpy.testing', 'torch.jit', 'torch.hub', 'torch.ops', 'torch.package', 'torch._dynamo', 'torch._inductor'],
    ...['pandas.eval', 'sympy.sympify'],
  ],
  'loads code': [
    ...['importlib', '_frozen_importlib', '_frozen_importlib_external', 'pkgutil', 'zipimport', 'sys'],
    ...['imp.load_source', 'imp.load_module', 'imp.load_compiled', 'imp.load_dynamic', 'imp.find_module'],
  ],
  'reads pickles, which may run code': [
    ...['pickle', '_pickle', 'cPickle', 'shelve', 'joblib', 'torch.load', 'torch.serialization.load', 'numpy.load'],
    ...['pandas.read_pickle', 'pandas.io.pickle'],
  ],
  'changes files': [
    ...[
      'shutil',
      'tempfile',
      'fileinput',
      'io.open',
      'io.open_code',
      'io.FileIO',
      '_io.open',
      '_io.open_code',
      '_io.FileIO',
    ],
    ...['codecs.open', 'torch.save', 'numpy.save', 'numpy.savez', 'numpy.savetxt', 'numpy.memmap'],
  ],
  'uses the network': [
    ...['socket', '_socket', 'socketserver', 'ssl', 'http', 'httplib', 'urllib', 'urllib2', 'urllib3', 'requests'],
    ...['aiohttp', 'httpx', 'ftplib', 'smtplib', 'poplib', 'imaplib', 'telnetlib', 'nntplib', 'xmlrpc', 'paramiko'],
  ],
  'calls whatever it is given': [
    ...['functools.partial', 'functools.reduce', '_functools', 'operator.attrgetter', 'operator.methodcaller'],
    ...['operator.call', '_operator.attrgetter', '_operator.methodcaller', '_operator.call', 'itertools.starmap'],
    ...['atexit', '_thread'],
  ],
}

/** Python's own functions, in the modules of Python 3 and 2. */
const BUILTINS: readonly string[] = [
  ...['eval', 'exec', 'execfile', 'compile', '__import__', '__build_class__', 'getattr', 'setattr', 'delattr', 'open'],
  ...['file', 'input', 'raw_input', 'apply', 'breakpoint', 'globals', 'locals', 'vars', 'map', 'filter', 'reduce'],
  ...['reload', 'exit', 'quit', 'help'],
]

const REASONS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(DENIED).flatMap(([reason, names]) => names.map((name): [string, string] => [name, reason])),
  ...BUILTINS.flatMap((name) =>
    ['builtins', '__builtin__', '__builtins__'].map((module): [string, string] => [`${module}.${name}`, 'runs code']),
  ),
])

/** From any class these lead to all others: `pathlib.PosixPath.__init__.__globals__`. */
const INWARDS =
  /\.__(globals|builtins|subclasses|code|class|dict|bases|base|mro|loader|getattribute|import|reduce|reduce_ex)__(\.|$)/

/**
 * What a Python name does when it is called, where it or what it lies in is denied (`os.system`, `builtins.eval.__call__`);
 * undefined for all others.
 */
export function deniedReason(path: string): string | undefined {
  for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) {
    const reason = REASONS.get(path.slice(0, end))
    if (reason !== undefined) return reason
  }
  return INWARDS.test(path) ? 'reaches into the Python process' : undefined
}
