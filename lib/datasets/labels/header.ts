/** Words over the column of the pictures, the most certain first. */
const FILE_WORDS =
  'file filename filepath filenames files image imagename imagefile imagepath images img imgname imgpath picture photo path id imageid imgid datei dateiname dateipfad dateien bild bildname bilddatei bildpfad bilder foto fotos pfad'.split(
    ' ',
  )
/** Words over the column of the labels. */
const LABEL_WORDS =
  'label labels class classes tag tags category categories classname labelname labelnames klasse klassen klassenname kategorie kategorien etikett etiketten schlagwort schlagworte schlagwörter'.split(
    ' ',
  )

/** What the cells of a first row are: words of a header by their column. */
export interface Header {
  /** The column of the pictures. */
  file: number
  /** Columns of labels. */
  labels: number[]
  /** All other columns that have a name. */
  others: number[]
  /** The column of the pictures has no name: only what is in the rows can tell a header. */
  unnamed: boolean
}

export function isFileWord(cell: string): boolean {
  return FILE_WORDS.includes(plain(cell))
}

export function isLabelWord(cell: string): boolean {
  return LABEL_WORDS.includes(unnumbered(cell))
}

/** Whether a label word has a number: `label1`, `Label 2`; `label.1`, as pandas calls a second column of that name. */
export function isNumbered(cell: string): boolean {
  return unnumbered(cell) !== plain(cell)
}

/** Whether two label words are one, with numbers or without, in the singular or the plural: `label`, `Labels 2`. */
export function isSameWord(cell: string, other: string): boolean {
  const singular = (word: string) => unnumbered(word).replace(/(?<=class)es$|(?<!s)s$/, '')
  return singular(cell) === singular(other)
}

/** A first row that names its columns: one is of the pictures. Undefined for a row that is a picture itself. */
export function headerOf(cells: readonly string[]): Header | undefined {
  const columns = cells.map((_, column) => column)
  const ranked = columns
    .filter((column) => isFileWord(cells[column]!))
    .sort((a, b) => FILE_WORDS.indexOf(plain(cells[a]!)) - FILE_WORDS.indexOf(plain(cells[b]!)))
  // pandas leaves the name of its index empty.
  const unnamed = cells[0] === '' && cells.slice(1).some((cell) => cell !== '')
  const file = ranked[0] ?? (unnamed ? 0 : undefined)
  if (file === undefined || cells.length < 2) return undefined
  const labels = columns.filter((column) => column !== file && isLabelWord(cells[column]!))
  const others = columns.filter((column) => column !== file && !labels.includes(column) && cells[column] !== '')
  return { file, labels, others, unnamed: ranked.length === 0 }
}

/** `Image_ID ` → `imageid`. */
function plain(cell: string): string {
  return cell
    .normalize()
    .toLowerCase()
    .replaceAll(/[\s_-]/g, '')
}

function unnumbered(cell: string): string {
  return plain(cell).replace(/\.?\d+$/, '')
}
