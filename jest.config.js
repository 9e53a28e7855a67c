const swc = (syntax) => ['@swc/jest', { jsc: { ...syntax, target: 'es2022' }, module: { type: 'es6' } }]

/** Tests run as native ES modules; TypeScript is stripped by swc, types are checked by `npm run typecheck`. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': swc({ parser: { syntax: 'typescript' } }),
    '^.+\\.tsx$': swc({
      parser: { syntax: 'typescript', tsx: true },
      transform: { react: { runtime: 'automatic', importSource: 'preact' } },
    }),
  },
  transformIgnorePatterns: ['/node_modules/'],
  // A guard against hangs alone: no test may depend on how fast or how idle a machine is.
  testTimeout: 600_000,
}
