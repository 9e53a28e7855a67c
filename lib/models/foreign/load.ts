import { listed } from '../../base/count.js'
import { placesOf } from './names.js'
import { noUse } from './recognised.js'
import {
  efficientnetSizes,
  publishedHeads,
  resnetSizes,
  type Shapes,
  sameShape,
  type TransformerSizes,
  transformerSizes,
} from './sizes.js'
import type { Step } from './steps.js'
import type { FileTensors, LoadNote, LoadPlan, ModelTensor, Purpose } from './types.js'

/** A tensor of the file, and where it goes. */
export interface Entry {
  name: string
  /** The name that it has, or would have, in a model. */
  to: string
  part?: number
  shape: readonly number[]
  dtype: string
}

/** The only tensors of a WeakTr that its output does not depend on. */
const UNUSED = new Set(['norm.weight', 'norm.bias'])

/** What a file and a model are to each other; `plan` is what follows where nothing speaks against it. */
export class Load {
  readonly entries: readonly Entry[]
  /** The same by where they go. */
  readonly groups = new Map<string, Entry[]>()
  readonly own: ReadonlyMap<string, ModelTensor>
  /** Whose names the file has, where they are not those of DeiT. */
  readonly namesOf: string | undefined
  /** Shapes of the file by the names of the model. */
  readonly shapes: Shapes
  readonly ownShapes: Shapes
  readonly sizes: TransformerSizes | undefined
  readonly ownSizes: TransformerSizes | undefined

  constructor(
    file: FileTensors,
    readonly model: readonly ModelTensor[],
    readonly purpose: Purpose,
  ) {
    const { of, placeOf } = placesOf([...file.keys()])
    this.namesOf = of
    this.entries = [...file].map(([name, tensor]) => ({ name, ...placeOf(name), ...tensor }))
    this.own = new Map(model.map((tensor) => [tensor.name, tensor]))
    for (const entry of this.entries) {
      const group = this.groups.get(entry.to)
      if (group === undefined) this.groups.set(entry.to, [entry])
      else group.push(entry)
    }
    this.shapes = new Map([...this.groups].map(([to, parts]) => [to, stackedShape(parts)]))
    this.ownShapes = new Map(model.map(({ name, shape }) => [name, shape]))
    this.sizes = transformerSizes(this.shapes)
    this.ownSizes = transformerSizes(this.ownShapes)
  }

  /** What the file is, for people. */
  get what(): string {
    return whatOf(this.shapes, this.namesOf)
  }

  /** Whether a model can go without what the file does not have. */
  needs({ name, head }: ModelTensor): boolean {
    if (this.purpose === 'whole') return true
    return !head && !(this.ownSizes !== undefined && UNUSED.has(name))
  }

  /** Why a tensor is left out that some model or other has no use for; undefined for all others. */
  dropped({ to }: Entry): string | undefined {
    if (to === 'dist_token' && this.purpose === 'start')
      return 'the distillation token of a DeiT, with its row of pos_embed: the generator has none'
    if (!this.own.has(to)) return noUse(to)
    return this.ofClassifier(to) ? 'a head for other classes' : undefined
  }

  /** Weights of a linear head and its bias lie under the names of a CAM head, which is a convolution. */
  private ofClassifier(to: string): boolean {
    const weight = to.replace(/\.bias$/, '.weight')
    return (
      this.own.get(weight)?.head === true &&
      this.own.get(weight)?.shape.length === 4 &&
      this.shapes.get(weight)?.length === 2
    )
  }

  /** The tensors that make one of the model, in their order; empty where parts of it are lacking. */
  sources(name: string): readonly Entry[] {
    const found = (this.groups.get(name) ?? []).filter((entry) => this.dropped(entry) === undefined)
    const [first] = found
    if (first?.part === undefined) return found.slice(0, 1)
    const parts = [0, 1, 2].map((part) => found.find((entry) => entry.part === part))
    return parts.every((part) => part !== undefined) ? parts : []
  }

  step({ name, shape }: ModelTensor): Step | undefined {
    const sources = this.sources(name)
    const [first] = sources
    if (first === undefined) return undefined
    if (sources.length > 1) return { kind: 'stack', from: sources.map((entry) => entry.name) }
    const from = first.name
    const { sizes, ownSizes } = this
    if (name === 'cls_token' && sizes?.tokens === 1 && ownSizes?.tokens !== undefined && ownSizes.tokens > 1)
      return { kind: 'repeat', from, times: ownSizes.tokens }
    if (name !== 'pos_embed' || sizes?.grid === undefined || ownSizes?.grid === undefined) return { kind: 'copy', from }
    // Equal shapes may hold other numbers of classes and patches: 10 + 4 * 4 is 1 + 5 * 5.
    const same = sizes.tokenRows === ownSizes.tokenRows && sizes.grid === ownSizes.grid
    if (same && sameShape(first.shape, shape)) return { kind: 'copy', from }
    return {
      kind: 'positions',
      from,
      tokenRows: sizes.tokenRows!,
      tokens: sizes.tokens!,
      classes: ownSizes.tokens!,
      grid: sizes.grid,
      toGrid: ownSizes.grid,
    }
  }

  /** The shape that the model's tensor gets. */
  shapeOf(step: Step, { name }: ModelTensor): readonly number[] {
    const shape = this.shapes.get(name)!
    if (step.kind === 'repeat') return [shape[0]!, step.times, shape[2]!]
    if (step.kind === 'positions') return [1, step.classes + step.toGrid ** 2, shape[2]!]
    return shape
  }

  plan(): LoadPlan {
    const steps = new Map<string, Step>()
    for (const tensor of this.model) {
      const step = this.step(tensor)
      if (step !== undefined) steps.set(tensor.name, step)
    }
    const report: LoadPlan['report'] = {
      what: this.what,
      matched: [],
      renamed: [],
      interpolated: [],
      dropped: [],
      missing: this.model.filter(({ name }) => !steps.has(name)).map(({ name }) => name),
      unexpected: [],
    }
    for (const entry of this.entries) {
      const because = this.dropped(entry)
      const step = steps.get(entry.to)
      if (because !== undefined) report.dropped.push({ name: entry.name, because })
      else if (step === undefined) report.unexpected.push(entry.name)
      else if (entry.name !== entry.to) report.renamed.push({ from: entry.name, to: entry.to })
      else if (step.kind === 'copy') report.matched.push(entry.name)
      if (because === undefined && (step?.kind === 'repeat' || step?.kind === 'positions')) {
        const to = [...this.shapeOf(step, this.own.get(entry.to)!)]
        report.interpolated.push({ name: entry.to, from: [...entry.shape], to })
      }
    }
    return { report, steps, notes: this.notes(report, steps) }
  }

  private notes({ unexpected, dropped }: LoadPlan['report'], steps: LoadPlan['steps']): LoadNote[] {
    const notes: LoadNote[] = []
    const token = this.entries.find(({ to }) => to === 'dist_token')
    if (token !== undefined && dropped.some(({ name }) => name === token.name))
      notes.push({
        warning: true,
        text: `the weights are of a distilled DeiT: ${token.name} and its row of the position embeddings were left out. It takes part in the attention of every block, so the generator starts from features that differ a little from those of the DeiT; a plain one (deit_small_patch16_224-cd65a155.pth) starts as it is`,
      })
    const { sizes, ownSizes } = this
    const heads = sizes === undefined || sizes.heads !== undefined ? undefined : publishedHeads(sizes.width)
    if (heads !== undefined && ownSizes?.heads !== undefined && heads !== ownSizes.heads)
      notes.push({
        warning: true,
        text: `published vision transformers of width ${sizes!.width} have ${heads} attention heads, and the generator has ${ownSizes.heads} (generator.heads); with another number than they were trained with these weights compute something else`,
      })
    const positions = steps.get('pos_embed')
    if (positions?.kind === 'positions' && positions.grid !== positions.toGrid)
      notes.push({
        warning: false,
        text: `position embeddings of ${positions.grid} x ${positions.grid} patches were resized to ${positions.toGrid} x ${positions.toGrid}`,
      })
    if (unexpected.length > 0)
      notes.push({
        warning: false,
        text: `the weights hold ${unexpected.length === 1 ? 'a tensor' : `${unexpected.length} tensors`} that the generator does not know, left out: ${listed(unexpected, 8)}`,
      })
    return notes
  }
}

/** What a file is by the shapes of its tensors. */
export function whatOf(shapes: Shapes, namesOf?: string): string {
  const transformer = transformerSizes(shapes)
  if (transformer !== undefined) {
    if (transformer.tokens !== undefined && transformer.tokens > 1) return 'a mask generator of kind weaktr'
    const scaled = shapes.has('blocks.0.ls1.gamma') ? ' with layer scale (DINOv2, DeiT III)' : ''
    const what = shapes.has('dist_token') ? 'a distilled DeiT' : `a vision transformer${scaled}`
    return `${what} with the names of ${namesOf ?? 'DeiT and timm'}`
  }
  const network = resnetSizes(shapes)?.name ?? efficientnetSizes(shapes)?.name
  if (network === undefined) return 'weights of a network that is not recognised'
  const article = /^[AEIO]/.test(network) ? 'an' : 'a'
  return shapes.get('classifier.weight')?.length === 4
    ? `a mask generator of kind cnn on ${article} ${network}`
    : `${article} ${network}`
}

/** Of parts that cannot lie one below the other, a shape that fits nothing. */
function stackedShape(parts: readonly Entry[]): readonly number[] {
  const [first] = parts
  if (parts.length === 1 || first!.part === undefined) return first!.shape
  const rest = first!.shape.slice(1)
  if (parts.some(({ shape }) => !sameShape(shape.slice(1), rest))) return []
  return [parts.reduce((rows, { shape }) => rows + (shape[0] ?? 0), 0), ...rest]
}
