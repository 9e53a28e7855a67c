import type { Canvas } from '../canvas.js'
import { hsv } from '../color.js'
import type { PlacedObject } from '../compose.js'
import type { Noise } from '../paint.js'
import type { SceneRandom } from '../random.js'
import { ellipse } from '../shapes.js'
import { OBJECTS, type ObjectName } from '../vocabulary.js'
import { airplane } from './airplane.js'
import { bird } from './bird.js'
import { boat } from './boat.js'
import { car } from './car.js'
import { cow } from './cow.js'
import type { ObjectKind } from './sketch.js'
import { train } from './train.js'

const KINDS: Record<ObjectName, ObjectKind> = { train, boat, bird, cow, airplane, car }

/** Share of objects in colours that are not typical of their class. */
const ODD_COLORS = 0.25

/** Draws one object as number `owner`, with its shadow on the ground and a rim of ink. */
export function drawObject(
  canvas: Canvas,
  object: PlacedObject,
  owner: number,
  random: SceneRandom,
  noise: Noise,
): void {
  const kind = KINDS[OBJECTS[object.index]!]
  const sketch = random.pick(kind.sketches)
  const [left, top, right, bottom] = sketch.extent
  const scale = (2 * object.reach * canvas.size) / Math.max(right - left, bottom - top)
  const wide = scale * random.between(0.92, 1.08)
  const angle = object.angle * kind.tilt
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const mirror = object.mirrored ? -1 : 1
  const [a, b, c, d] = [mirror * wide * cos, mirror * wide * sin, -scale * sin, scale * cos]
  const [x, y] = [(left + right) / 2, (top + bottom) / 2]
  const placement = { a, b, c, d, e: object.x * canvas.size - a * x - c * y, f: object.y * canvas.size - b * x - d * y }
  if (kind.stands) {
    canvas.place(placement, 0)
    const shadow = hsv(0.6, 0.5, 0.1)
    for (const grow of [1, 0.85]) {
      canvas.fill(
        ellipse(x, bottom - 0.02, ((right - left) / 2) * grow, 0.1 * grow),
        () => (0x48000000 | (shadow & 0xffffff)) >>> 0,
      )
    }
  }
  const colors = kind.colors(random)
  if (random.chance(ODD_COLORS)) colors.main = hsv(random.next(), random.between(0.3, 0.8), random.between(0.45, 0.95))
  canvas.place(placement, owner)
  sketch.draw(canvas, { ...colors, noise, random })
  canvas.ink(owner, 0.5)
}
