import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { SemplesError } from '../../lib/base/error.js'
import { voc2012Classes } from '../../lib/datasets/classes/voc2012.js'
import { type FolderOptions, folder, plainFolder } from '../../lib/datasets/folder.js'
import { encodeMask } from '../../lib/masks/png.js'
import { picture } from './temporaryFiles.js'

/** A folder as people have them, with what it means. */
interface Generated {
  /** Content by path; `{ link }` is a symbolic link, `null` an empty folder. */
  files: Map<string, Uint8Array | string | { link: string } | null>
  options: Omit<FolderOptions, 'folder'>
  /** Labels by the content of a picture. */
  meant: Map<string, Set<string>>
  /** Whether something may make it refuse, or warn. */
  odd: boolean
  /** The steps that made it, for messages. */
  steps: string[]
}

/** Numbers from 0 up to but not `below`. */
type Random = (below: number) => number

const CLASSES = ['boat', 'cat', 'traffic light', 'café', 'cafe\u0301 noir', 'Zebra', 'dog_house', '船', "o'neil"]
const NAMES = ['a', 'b', '001', '002', 'IMG_0001', 'x y', 'ü', 'u\u0308v', 'c.d', 'long-name']
const EXTENSIONS = ['.jpg', '.JPG', '.jpeg', '.Jpeg', '.jfif']

const mask = Buffer.from(encodeMask({ width: 12, height: 8, data: new Uint8Array(96).fill(1) }))
const jpeg = await picture(100)
/** The end of a JPEG may be followed by anything: one picture, and as many contents as are wanted. */
const contentOf = (number: number) => Buffer.concat([jpeg, Buffer.from(`#${number}`)])
const keyOf = (bytes: Uint8Array) => Buffer.from(bytes).subarray(jpeg.length).toString('latin1')

interface Oddity {
  name: string
  /** Whether it must change nothing, and without a warning. */
  harmless: boolean
  add(made: Generated, random: Random): void
}

const pathsOf = ({ files }: Generated) =>
  [...files.keys()].filter((file) => /\.(jpe?g|jfif)$/i.test(file) && files.get(file) instanceof Uint8Array)
const pick = <T>(items: readonly T[], random: Random): T => items[random(items.length)]!
const stem = (file: string) => file.slice(0, file.length - path.extname(file).length)
const base = (file: string) => path.posix.basename(file)

/** What folders hold besides pictures of classes. */
const ODDITIES: readonly Oddity[] = [
  {
    name: 'hidden files',
    harmless: true,
    add: ({ files }, random) => files.set(`${pick(['', 'boat/', 'cat/'], random)}._${pick(NAMES, random)}.jpg`, 'x'),
  },
  {
    name: 'hidden folder',
    harmless: true,
    add: ({ files }) => files.set('.ipynb_checkpoints/a-checkpoint.jpg', contentOf(9001)),
  },
  { name: '__MACOSX', harmless: true, add: ({ files }) => files.set('__MACOSX/boat/._a.jpg', 'x') },
  { name: 'dead link', harmless: true, add: ({ files }) => files.set('dead', { link: '/nonexistent' }) },
  {
    name: 'dead picture',
    harmless: true,
    add: (made) => made.files.set(`${path.posix.dirname(pathsOf(made)[0]!)}/dead.jpg`, { link: 'nowhere.jpg' }),
  },
  {
    name: 'circle',
    harmless: true,
    add: (made, random) =>
      made.files.set(pick(['round', `${path.posix.dirname(pathsOf(made)[0]!)}/round`], random), {
        link: pick(['.', '..', 'round'], random),
      }),
  },
  { name: 'empty folder', harmless: true, add: ({ files }) => files.set('empty/within', null) },
  {
    name: 'folder called like a picture',
    harmless: true,
    add: (made) => made.files.set(`${path.posix.dirname(pathsOf(made)[0]!)}/dir.png`, null),
  },
  {
    name: 'notes',
    harmless: true,
    add: ({ files }, random) => files.set(pick(['notes.txt', 'Thumbs.db', 'README'], random), 'x'),
  },
  { name: 'unread formats', harmless: false, add: (made) => made.files.set(`${stem(pathsOf(made)[0]!)}.heic`, 'x') },
  {
    name: 'masks with mark',
    harmless: false,
    add: (made) => {
      for (const file of pathsOf(made)) made.files.set(`masks/${stem(base(file))}.png`, mask)
      made.files.set('masks/masks.json', '{}')
    },
  },
  {
    name: 'masks in a list',
    harmless: false,
    add: (made) => {
      const names = pathsOf(made).map((file) => `${stem(base(file))}.png`)
      for (const name of names) made.files.set(`out/${name}`, mask)
      made.files.set('out/.semples-files', names.map((name) => `${JSON.stringify(['masks', name])}\n`).join(''))
    },
  },
  {
    name: 'masks of another program',
    harmless: false,
    add: (made, random) => {
      const to = pick(['gt', 'SegmentationClass', 'x'], random)
      for (const file of pathsOf(made)) made.files.set(`${to}/${stem(base(file))}.png`, mask)
    },
  },
  {
    name: 'masks beside pictures',
    harmless: false,
    add: (made) => {
      for (const file of pathsOf(made)) made.files.set(`${stem(file)}.png`, mask)
    },
  },
  {
    name: 'run',
    harmless: false,
    add: ({ files }, random) => {
      const at = pick(['runs/first', 'run', 'boat/run'], random)
      files.set(`${at}/run.json`, '{}')
      files.set(`${at}/overlay.jpg`, contentOf(9002))
    },
  },
  { name: 'loose picture', harmless: false, add: ({ files }) => files.set('loose.jpg', contentOf(9003)) },
  {
    name: 'background under another name',
    harmless: false,
    add: ({ files, meant }, random) => {
      const name = pick(['background', '__background__', 'Negative'], random)
      files.set(`${name}/plain.jpg`, contentOf(9004))
      meant.set('#9004', new Set())
    },
  },
  { name: 'pictures folder', harmless: false, add: ({ files }) => files.set('images/more.jpg', contentOf(9005)) },
]

/** A picture of a class folder, with the name that it has there. */
function placePictures(
  made: Generated,
  random: Random,
  root: string,
): { file: string; number: number; label: string }[] {
  const classes = [...new Set(Array.from({ length: 1 + random(3) }, () => pick(CLASSES, random)))]
  const placed: { file: string; number: number; label: string }[] = []
  let number = 0
  for (const label of classes) {
    for (let i = 1 + random(4); i > 0; i--) {
      const deep = random(5) === 0 ? 'more/' : ''
      const file = `${root}${label}/${deep}${pick(NAMES, random)}${pick(EXTENSIONS, random)}`
      if (made.files.has(file)) continue
      // The same picture in two folders has both labels where it also has one name.
      const twin = placed.find(
        (other) => other.label !== label && base(other.file) === base(file) && !deep && !other.file.includes('/more/'),
      )
      const same = twin !== undefined && random(2) === 0
      const content = same ? twin.number : number++
      made.files.set(file, contentOf(content))
      placed.push({ file, number: content, label })
    }
  }
  return placed
}

function classFolders(random: Random): Generated {
  const made: Generated = { files: new Map(), options: {}, meant: new Map(), odd: false, steps: ['class folders'] }
  const placed = placePictures(made, random, '')
  for (const { number, label } of placed) {
    const key = `#${number}`
    made.meant.set(key, (made.meant.get(key) ?? new Set()).add(label))
  }
  const names = new Map<string, Set<number>>()
  for (const { file, number } of placed) {
    const inside = file.slice(file.indexOf('/') + 1)
    names.set(inside, (names.get(inside) ?? new Set()).add(number))
  }
  if ([...names.values()].some(({ size }) => size > 1)) made.odd = true
  if (random(4) === 0) {
    made.files.set('_background/empty.jpg', contentOf(8000))
    made.meant.set('#8000', new Set())
    made.steps.push('_background')
  }
  return made
}

/** Pictures in any folders, and a labels file in one of its forms. */
function labelsFile(random: Random): Generated {
  const made: Generated = {
    files: new Map(),
    options: { labels: 'the labels.txt' },
    meant: new Map(),
    odd: false,
    steps: [],
  }
  const placed = placePictures(made, random, '').filter(
    ({ file, number }, i, all) => all.findIndex((other) => other.number === number) === i && file !== '',
  )
  const rows = placed.map(({ file, number }) => {
    const labels = [...new Set(Array.from({ length: random(3) }, () => pick(CLASSES, random)))]
    made.meant.set(`#${number}`, new Set(labels))
    return { file, labels }
  })
  const named = new Set(rows.map(({ file }) => file))
  for (const file of pathsOf(made)) if (!named.has(file)) made.files.delete(file)
  if (rows.every(({ labels }) => labels.length === 0)) made.odd = true
  const form = random(12)
  // Names in a further column that no first column has may be something else than labels.
  const firsts = new Set([...rows.map(({ labels }) => labels[0]), 'boat', 'cat', 'traffic light'])
  const isDoubtful = !rows.some(({ labels }) => labels[1] !== undefined && firsts.has(labels[1]))
  if (form >= 9 && rows.some(({ labels }) => labels.length > 1) && isDoubtful) made.odd = true
  made.steps.push(`labels file of form ${form}`)
  made.files.set('the labels.txt', writtenAs(form, rows, random))
  return made
}

function writtenAs(form: number, rows: { file: string; labels: string[] }[], random: Random): string | Buffer {
  const spelled = rows.map(({ file, labels }) => {
    const how = random(6)
    const unique = rows.filter((other) => stem(other.file).normalize() === stem(file).normalize()).length === 1
    // A stem that looks like a name with an extension of its own is spelled in full.
    const name =
      how === 0 && unique && !/\.\w+$/.test(stem(file)) ? stem(file) : how === 1 ? file.replaceAll('/', '\\') : file
    return { file: name, labels }
  })
  const table = (delimiter: string, joiner: string, header: string) =>
    `${header}${spelled.map(({ file, labels }) => `${file}${delimiter}${labels.join(joiner)}`).join('\r\n')}\r\n`
  if (form === 0) return table(',', ';', 'file,labels\r\n')
  if (form === 1) return table(',', '|', '')
  if (form === 2) return Buffer.from(`\ufeff${table(';', '|', 'Image;Label\r\n')}`, 'utf16le')
  if (form === 3) return table('\t', ',', 'ID\tTags\r\n')
  if (form === 4) return JSON.stringify(Object.fromEntries(spelled.map(({ file, labels }) => [file, labels])))
  if (form === 5) return spelled.map((row) => `${JSON.stringify(row)}\n`).join('')
  // What Excel writes for the cell boat;cat.
  if (form === 6)
    return `Image;Label\r\n${spelled.map(({ file, labels }) => `${file};${labels.length > 1 ? `"${labels.join(';')}"` : labels.join()}`).join('\r\n')}\r\n`
  const further = (delimiter: string, header: string) =>
    `${header}${spelled.map(({ file, labels: [one = '', two = ''] }) => [file, one, two].join(delimiter)).join('\r\n')}\r\n`
  if (form === 7) return further(';', pick(['Bild;Klasse 1;Klasse 2\r\n', 'Image;Label;Label\r\n'], random))
  if (form === 8) return further(',', pick(['file,label1,label2\n', 'file,label,label.1\n'], random))
  if (form === 9) return further(';', 'Image;Label;\r\n')
  if (form === 10) return further(pick([';', ',', '\t'], random), '')
  const classes = [...new Set(rows.flatMap(({ labels }) => labels))]
  const cells = spelled.map(({ file, labels }) =>
    [file, ...classes.map((label) => (labels.includes(label) ? 1 : 0))].join(','),
  )
  // Without a class there is no column, and no table of that form.
  return classes.length === 0 ? table(',', ';', '') : `${['filename', ...classes].join(',')}\n${cells.join('\n')}\n`
}

/** The same folder seen from the one above it: what is meant cannot be told, and must not be read as one class in silence. */
function oneLevelUp(made: Generated, random: Random): Generated {
  const { labels } = made.options
  const folders = new Set(pathsOf(made).map((file) => file.slice(0, file.indexOf('/'))))
  // A folder in a folder may as well be a part of one class.
  if (labels === undefined && folders.size < 2) return made
  const files = new Map(
    [...made.files].map(([file, content]) => [`set/${file === labels ? 'labels.csv' : file}`, content]),
  )
  if (random(2) === 0) files.set('other/z.jpg', contentOf(9006))
  return { ...made, files, options: {}, odd: true, steps: [...made.steps, 'one level up'] }
}

/** A generated folder of a seed. */
export function generate(seed: number): Generated {
  const generator = xoroshiro128plus(seed)
  const random: Random = (below) => (generator.next() >>> 0) % below
  const made = random(2) === 0 ? classFolders(random) : labelsFile(random)
  if (random(12) === 0) return oneLevelUp(made, random)
  for (let i = random(4); i > 0; i--) {
    const oddity = pick(ODDITIES, random)
    oddity.add(made, random)
    made.odd ||= !oddity.harmless
    made.steps.push(oddity.name)
  }
  return made
}

/**
 * Writes the folder of a seed into `root`, opens it, and compares: labels by content are those meant, or there is a
 * warning, or a SemplesError; what is not odd is as meant, without a warning.
 *
 * @returns what is wrong; undefined for nothing
 */
async function problemOf(seed: number, root: string): Promise<string | undefined> {
  const made = generate(seed)
  await rm(root, { recursive: true, force: true })
  await mkdir(root, { recursive: true })
  for (const [name, content] of made.files) {
    const file = path.join(root, name)
    await mkdir(content === null ? file : path.dirname(file), { recursive: true })
    if (content === null) continue
    if (typeof content === 'object' && 'link' in content) await symlink(content.link, file).catch(() => undefined)
    else await writeFile(file, content)
  }
  const told = `seed ${seed} (${made.steps.join(', ')}): `
  try {
    const plain = await plainFolder({ folder: root }, voc2012Classes)
    if (new Set(plain.items.map(({ id }) => id)).size !== plain.items.length)
      return `${told}ids of the plain folder are not unique`
    const data = await folder({ folder: root, ...made.options })
    if (new Set(data.items.map(({ id }) => id)).size !== data.items.length) return `${told}ids are not unique`
    const found = new Map<string, string>()
    for (const { image, labels } of data.items) {
      found.set(keyOf(await readFile(image)), namesOf(labels.map((index) => data.classes.classes[index]!.label)))
    }
    const meant = new Map([...made.meant].map(([key, labels]) => [key, namesOf([...labels])]))
    const differs = [...meant].some(([key, labels]) => found.get(key) !== labels) || found.size !== meant.size
    const warned = (data.warnings ?? []).length > 0
    if (differs && !warned)
      return `${told}in silence ${JSON.stringify([...found])} instead of ${JSON.stringify([...meant])}`
    if (!made.odd && differs) return `${told}${JSON.stringify([...found])} instead of ${JSON.stringify([...meant])}`
    if (!made.odd && warned) return `${told}a needless warning: ${data.warnings![0]}`
    return undefined
  } catch (error) {
    if (!(error instanceof SemplesError)) return `${told}${error instanceof Error ? error.stack : String(error)}`
    return made.odd ? undefined : `${told}refused: ${error.message}`
  }
}

/** Folders that are made and read at a time. */
const AT_ONCE = 8

/** The problems of seeds, each in a folder of its own; in memory where the system has a place for it. */
export async function problemsOf(first: number, count: number): Promise<string[]> {
  const parent = await mkdtemp(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'semples-folders-'))
  const problems: string[] = []
  try {
    for (let seed = first; seed < first + count; seed += AT_ONCE) {
      const seeds = Array.from({ length: Math.min(AT_ONCE, first + count - seed) }, (_, i) => seed + i)
      const found = await Promise.all(seeds.map((each) => problemOf(each, path.join(parent, `data${each % AT_ONCE}`))))
      problems.push(...found.filter((problem) => problem !== undefined))
    }
  } finally {
    await rm(parent, { recursive: true, force: true })
  }
  return problems
}

const namesOf = (labels: readonly string[]) =>
  labels
    .map((label) => label.normalize())
    .sort()
    .join(';')
