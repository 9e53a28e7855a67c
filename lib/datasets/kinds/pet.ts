import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { choice, path } from '../../base/fields.js'
import { datasetKind } from '../kind.js'
import { pet } from '../pet.js'

const list = { path: 'if-path' } as const

/** Oxford-IIIT Pet (Parkhi et al., CVPR 2012). */
export const petKind = datasetKind({
  kind: 'pet',
  title: 'Oxford-IIIT Pet',
  schema: z.strictObject({
    pet: path('The folder with images/ and annotations/.', 'a folder'),
    classes: choice(['breed', 'species'], 'What a class is: a breed, or cat and dog.').default('breed'),
    trainSplit: path('List to train on, by name or path.', 'a list such as trainval, or its path', list).default(
      'trainval',
    ),
    evalSplit: path('List to evaluate on, by name or path.', 'a list such as test, or its path', list).default('test'),
  }),
  listField: (split) => (split === 'train' ? 'trainSplit' : 'evalSplit'),
  detect: async (folder) => {
    const parts = ['images', 'annotations/list.txt', 'annotations/trimaps']
    return parts.every((part) => existsSync(join(folder, part))) ? { pet: folder } : undefined
  },
  open: ({ pet: root, classes, trainSplit, evalSplit }, split) =>
    pet({ root, labels: classes, list: listIn(root, split === 'train' ? trainSplit : evalSplit) }),
})

/** Copies of the data set often have the whole list alone. */
function listIn(root: string, name: string): string {
  const isStandard = name === 'trainval' || name === 'test'
  return isStandard && !existsSync(join(root, 'annotations', `${name}.txt`)) ? 'list' : name
}
