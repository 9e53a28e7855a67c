/** Names of folders that hold the pictures of a data set, whatever they show. */
const PICTURES = new Set(
  'image images img imgs picture pictures pics photo photos jpegimages jpgs jpg jpeg raw input inputs rgb'.split(' '),
)
/** Names of folders that hold pixel labels. */
const MASKS = new Set(
  'mask masks maskpng label labels labelmap labelmaps labelpng annotation annotations annot annots ann anns gt gts groundtruth groundtruths truth truths segmentation segmentations seg segs segmentationclass segmentationclassaug segmentationobject segmask segmasks semantic semanticlabels trimap trimaps'.split(
    ' ',
  ),
)
/** Names of folders that divide a data set. */
const SPLITS = new Set('train training trainset val valid validation dev test testing testset eval'.split(' '))
/** What people call pictures without an object. */
const BACKGROUNDS = new Set(
  'background backgrounds bg negative negatives none nothing empty noobject noobjects void unlabeled unlabelled'.split(
    ' ',
  ),
)

export function isPicturesFolderName(name: string): boolean {
  return PICTURES.has(plain(name))
}

export function isMaskFolderName(name: string): boolean {
  return MASKS.has(plain(name))
}

export function isSplitFolderName(name: string): boolean {
  return SPLITS.has(plain(name))
}

export function isBackgroundName(name: string): boolean {
  return BACKGROUNDS.has(plain(name))
}

/** `__Ground_Truth__` → `groundtruth`. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_.-]/g, '')
}
