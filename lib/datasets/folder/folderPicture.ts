/** A picture of a folder, before class names have become indices. */
export interface FolderPicture {
  /** Path inside the folder, with `/`; names the item. */
  file: string
  /** Absolute path. */
  image: string
  labels: readonly string[]
  /** Where its labels stand, for messages: `line 3 of labels.csv`, `folder boat`. */
  origin: string
}

export interface FolderContents {
  pictures: FolderPicture[]
  /** What was left out, one sentence each. */
  warnings: string[]
}
