import path from 'node:path'

const PICTURE_EXTENSIONS: ReadonlySet<string> = new Set([
  '.jpg',
  '.jpeg',
  // What Windows and browsers call a JPEG now and then.
  '.jfif',
  '.png',
  '.webp',
  '.tif',
  '.tiff',
  '.gif',
  '.avif',
])

/** Pictures of formats that are not read, by their extensions. */
const OTHER_EXTENSIONS: ReadonlySet<string> = new Set(
  'bmp dib heic heif hif jpe jif jp2 j2k jpx jxl jxr tga ppm pgm pbm pnm psd svg eps ico exr hdr dng raw cr2 cr3 nef arw orf rw2 raf dcm nii pdf'
    .split(' ')
    .map((name) => `.${name}`),
)

/** Whether a file name has the extension of a picture that can be opened. */
export function isPictureName(name: string): boolean {
  return PICTURE_EXTENSIONS.has(path.extname(name).toLowerCase())
}

/** Whether a file name has the extension of a picture of another format. */
export function isOtherPictureName(name: string): boolean {
  return OTHER_EXTENSIONS.has(path.extname(name).toLowerCase())
}

/** Hidden files, and what systems leave in folders: archives of macOS, thumbnails of network drives. */
export function isHiddenName(name: string): boolean {
  return name.startsWith('.') || name === '__MACOSX' || name === '@eaDir' || name === '$RECYCLE.BIN'
}

/** A path without its extension. */
export function stemOf(file: string): string {
  return file.slice(0, file.length - path.extname(file).length)
}
