/** A picture of a folder, before class names have become indices. */
export interface FolderPicture {
  /** Path inside the folder, with `/`; names the item. */
  file: string
  /** Absolute path. */
  image: string
  labels: readonly string[]
  /** Where its labels stand, for messages: `line 3 of labels.csv`, `folder boat`. */
  origin: string
  /** True in `_background/`: the picture shows no object. */
  negative?: true
}

export interface FolderContents {
  pictures: FolderPicture[]
  /** What was left out, one sentence each. */
  warnings: string[]
  /** What the labels were read from, in a line for people. */
  described: string
}

/** The sub-folder of pictures that show no object: classification learns from them that no class is there. */
export const BACKGROUND_FOLDER = '_background'

/** A picture in a class folder. */
export interface ClassPicture {
  /** Name of the class folder. */
  folder: string
  /** Path inside it, with `/`. */
  file: string
  /** Absolute path. */
  image: string
}
