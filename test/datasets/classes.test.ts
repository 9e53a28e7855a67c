import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { readClassTable, writeClassTable } from '../../lib/datasets/classes/classTableFile.js'
import {
  COCO_CATEGORY_IDS,
  coco2014Classes,
  coco2014Classes90,
  cocoClassIndex,
} from '../../lib/datasets/classes/coco2014.js'
import { voc2012Classes } from '../../lib/datasets/classes/voc2012.js'
import { goldenFolder } from '../support/golden.js'
import { needs, needsGolden } from '../support/needs.js'
import { pictureFolder } from '../support/realPictures.js'
import { temporaryFiles } from './temporaryFiles.js'

const names = path.join(goldenFolder, 'class_names.json')
const instances = path.join(pictureFolder, 'coco2014/annotations/instances_val2014.json')

describe('class tables', () => {
  needsGolden(existsSync(names)).test('ask CLIP for the names of the reference, in its order', () => {
    const { voc, coco } = JSON.parse(readFileSync(names, 'utf8'))
    expect(voc2012Classes.classes.map(({ prompt }) => prompt)).toEqual(voc)
    expect(coco2014Classes90.classes.map(({ prompt }) => prompt)).toEqual(coco)
  })

  needs('pictures').test('name the 80 categories as the COCO annotations do', () => {
    const categories: { id: number; name: string }[] = JSON.parse(readFileSync(instances, 'utf8')).categories
    expect(COCO_CATEGORY_IDS).toEqual(categories.map(({ id }) => id))
    expect(coco2014Classes.classes.map(({ label }) => label)).toEqual(categories.map(({ name }) => name))
  })

  test.each([
    [voc2012Classes, 20],
    [coco2014Classes, 80],
    [coco2014Classes90, 90],
  ])('$name has contiguous ids from 1 and different labels', ({ classes }, count) => {
    expect(classes.map(({ id }) => id)).toEqual(Array.from({ length: count }, (_, i) => i + 1))
    expect(new Set(classes.map(({ label }) => label)).size).toBe(count)
  })

  test('a COCO category id has one index in each table, for the same class', () => {
    for (const categoryId of COCO_CATEGORY_IDS) {
      const index = cocoClassIndex(coco2014Classes, categoryId)!
      expect(coco2014Classes.classes[index]!.label).toBe(coco2014Classes90.classes[categoryId - 1]!.label)
      expect(cocoClassIndex(coco2014Classes90, categoryId)).toBe(categoryId - 1)
    }
    expect([0, 12, 26, 91, 1.5].map((id) => cocoClassIndex(coco2014Classes, id))).toEqual(Array(5).fill(undefined))
    expect([0, 91, 1.5].map((id) => cocoClassIndex(coco2014Classes90, id))).toEqual(Array(3).fill(undefined))
  })
})

describe('classes.json', () => {
  test.each([voc2012Classes, coco2014Classes90])('$name comes back unchanged', async (table) => {
    const file = path.join(await temporaryFiles({}), 'run/classes.json')
    await writeClassTable(file, table)
    expect(await readClassTable(file)).toEqual(table)
  })

  test('fills in ids, prompts and colours; takes both spellings and hex', async () => {
    const text = '\uFEFF[{"label":"fire_truck"},{"label":"boat","colour":"#0A0bff"},{"label":"cat","color":[0,1,2]}]'
    const root = await temporaryFiles({ 'c.json': text })
    expect(await readClassTable(path.join(root, 'c.json'), 'photos')).toEqual({
      name: 'photos',
      classes: [
        { id: 1, label: 'fire_truck', prompt: 'fire truck', color: [128, 0, 0] },
        { id: 2, label: 'boat', prompt: 'boat', color: [10, 11, 255] },
        { id: 3, label: 'cat', prompt: 'cat', color: [0, 1, 2] },
      ],
    })
  })

  test.each<[string, string, RegExp]>([
    ['no JSON', '[{', /is not JSON/],
    ['an empty list', '[]', /classes/],
    ['a name for the label', '[{"name":"boat"}]', /classes\[0\]/],
    ['an id of void', '[{"label":"a","id":255}]', /classes\[0\]\.id/],
    ['ids for some', '[{"label":"a","id":1},{"label":"b"}]', /ids to 1 of its 2 classes/],
    ['an id twice', '[{"label":"a","id":1},{"label":"b","id":1}]', /the id 1 twice/],
    ['a label twice', '[{"label":"a"},{"label":" a"}]', /the label "a" twice/],
    ['a colour by name', '[{"label":"a","color":"red"}]', /"#rrggbb"/],
    ['255 classes', JSON.stringify(Array.from({ length: 255 }, (_, i) => ({ label: `c${i}` }))), /254/],
  ])('with %s is refused', async (_, text, message) => {
    const file = path.join(await temporaryFiles({ 'c.json': text }), 'c.json')
    await expect(readClassTable(file)).rejects.toMatchObject({
      code: 'SEMPLES_DATA_FILE_INVALID',
      file,
      message: expect.stringMatching(message),
    })
  })
})
