/** One picture of a labels file. */
export interface LabelledFile {
  /** As the labels file spells it. */
  file: string
  /** Without repetition, in file order; empty means no object. */
  labels: string[]
  /** Line of a CSV or of JSON lines, for messages. */
  line?: number
}

/** The rows of a labels file, as they stand there, and what the file was taken for. */
export interface LabelRows {
  rows: LabelledFile[]
  /** Parts of a line for people: `semicolons`, `header Image;Label`. */
  form: string[]
  /** What is in the file and not used, one sentence each. */
  warnings: string[]
  /** How such a file holds several labels of a picture, after "several labels are": `separated by | or ,`. */
  several?: string
}

/** A row of a table, and the line where it ends. */
export interface TableRecord {
  record: string[]
  line: number
}
