/** Licences under which a package may come along (docs/dependencies.md). */
const allowed = ['MIT', 'ISC', '0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0']

/** libvips is a shared library of its own, which whoever has it may replace. */
const exceptions = [{ package: /^@img\/sharp-/, licence: 'LGPL-3.0-or-later' }]

/**
 * Packages that come with semples, those for other machines included, whose licence is not known to be allowed:
 * `[{ name, licence }]`.
 * @param lock contents of package-lock.json
 */
export function foreignLicences(lock) {
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path !== '' && !entry.dev && !entry.devOptional)
    .map(([path, { license }]) => ({ name: path.replace(/^.*node_modules\//, ''), licence: license }))
    .filter(({ name, licence }) => !isAllowed(name, licence))
}

/** Of an expression of SPDX: all parts joined by AND, one of those joined by OR. */
function isAllowed(name, licence) {
  if (typeof licence !== 'string') return false
  const plain = licence.replace(/^\(([^()]*)\)$/, '$1')
  if (plain.includes(' OR ')) return plain.split(' OR ').some((part) => isAllowed(name, part))
  if (plain.includes(' AND ')) return plain.split(' AND ').every((part) => isAllowed(name, part))
  return allowed.includes(plain) || exceptions.some((each) => each.licence === plain && each.package.test(name))
}
