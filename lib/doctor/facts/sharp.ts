/** The library that decodes and encodes pictures. */
export interface SharpFacts {
  sharp?: string
  /** Version of libvips under it. */
  vips?: string
  /** Why it cannot be loaded. */
  problem?: string
}

type LoadSharp = () => Promise<{ default: { versions: { sharp?: string; vips?: string } } }>

/** Loads sharp and asks for its versions; its compiled parts are packages of their own that an installer may leave out. */
export async function readSharp(load: LoadSharp = () => import('sharp')): Promise<SharpFacts> {
  try {
    const { sharp, vips } = (await load()).default.versions
    return { sharp, vips }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { problem: message.trim().split('\n', 1)[0]! }
  }
}
