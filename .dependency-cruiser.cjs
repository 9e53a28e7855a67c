// The one-way imports of lib/: a folder imports only what stands to its right, and the ground that all stand on.
const chain = [
  'cli', 'doctor', 'runs', 'config', 'segment', 'refine', 'cam', 'prompts', 'stages', 'models', 'loader', 'scenes', 'datasets',
  'checkpoints', 'distributed', 'text', 'native', 'libtorch', 'weights', 'fetch',
]
// These stand beside the chain: they run without models and without the addon.
const beside = ['report', 'submission', 'evaluate', 'masks']
// Everybody may use these; each imports only what stands to its right.
const ground = ['pictures', 'formats', 'base']
/** Folders beside the chain that a folder of the chain may import. */
const besideFor = (folder) => {
  if (folder === 'cli' || folder === 'runs') return beside
  return chain.indexOf(folder) <= chain.indexOf('datasets') ? ['masks'] : []
}
const withoutAddon = ['loader', 'scenes', 'datasets', 'checkpoints', 'text']

const allowed = {}
for (const [index, folder] of ground.entries()) allowed[folder] = ground.slice(index)
for (const [index, folder] of beside.entries()) allowed[folder] = [...beside.slice(index), ...ground]
// They speak of data sets (classes, pictures, ground truth), which know neither models nor the addon.
for (const folder of ['report', 'submission', 'evaluate']) allowed[folder].push('datasets')
for (const [index, folder] of chain.entries()) {
  const right = chain.slice(index).filter((other) => other !== 'native' || !withoutAddon.includes(folder))
  allowed[folder] = [...right, ...besideFor(folder), ...ground]
}

const oneWay = Object.entries(allowed).map(([folder, others]) => ({
  name: `one-way-${folder}`,
  comment: `lib/${folder} may import only ${others.join(', ')}`,
  severity: 'error',
  from: { path: `^lib/${folder}/` },
  // The command line stands on the public API.
  to: { path: '^lib/', pathNot: `^lib/((${others.join('|')})/${folder === 'cli' ? '|api\\.ts$' : ''})` },
}))

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...oneWay,
    {
      name: 'known-folder',
      comment: 'A new folder of lib/ needs its place in the order above',
      severity: 'error',
      from: { path: '^lib/', pathNot: `^lib/((${Object.keys(allowed).join('|')}|api)/|(index|api)\\.ts$)` },
      to: {},
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'published-only',
      comment: 'lib/ is published: it imports neither development dependencies nor files outside itself',
      severity: 'error',
      from: { path: '^lib/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'lib-alone',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^(test|scripts|bench|examples)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'], extensions: ['.ts', '.tsx', '.js'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
