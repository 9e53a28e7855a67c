const { cos, sin } = Math

/** Corner coordinates x0, y0, x1, y1, … of a closed outline; y points down. */
export type Outline = readonly number[]

export function rectangle(x0: number, y0: number, x1: number, y1: number): Outline {
  return [x0, y0, x1, y0, x1, y1, x0, y1]
}

export function ellipse(x: number, y: number, rx: number, ry = rx, corners = 20): Outline {
  const outline = new Array<number>(2 * corners)
  for (let i = 0; i < corners; i += 1) {
    const angle = (2 * Math.PI * i) / corners
    outline[2 * i] = x + rx * cos(angle)
    outline[2 * i + 1] = y + ry * sin(angle)
  }
  return outline
}

/** A straight stroke, `width` wide. */
export function line(x0: number, y0: number, x1: number, y1: number, width: number): Outline {
  const length = Math.hypot(x1 - x0, y1 - y0) || 1
  const dx = ((y0 - y1) / length) * (width / 2)
  const dy = ((x1 - x0) / length) * (width / 2)
  return [x0 + dx, y0 + dy, x1 + dx, y1 + dy, x1 - dx, y1 - dy, x0 - dx, y0 - dy]
}

/** A closed curve through the corners (Catmull-Rom), flattened to `steps` pieces a side. */
export function smooth(corners: Outline, steps = 5): Outline {
  const length = corners.length
  const outline = new Array<number>(length * steps)
  let out = 0
  for (let i = 0; i < length; i += 2) {
    for (let step = 0; step < steps; step += 1) {
      const t = step / steps
      for (let axis = i; axis < i + 2; axis += 1) {
        const p0 = corners[(axis - 2 + length) % length]!
        const p1 = corners[axis]!
        const p2 = corners[(axis + 2) % length]!
        const p3 = corners[(axis + 4) % length]!
        const slope = p2 - p0
        const bend = 2 * p0 - 5 * p1 + 4 * p2 - p3
        outline[out] = p1 + 0.5 * t * (slope + t * (bend + t * (3 * p1 - p0 - 3 * p2 + p3)))
        out += 1
      }
    }
  }
  return outline
}

/** A stroke along an open curve through the points, `width` wide, of round shape. */
export function ribbon(points: Outline, width: number): Outline {
  const count = points.length / 2
  const left: number[] = []
  const right: number[] = []
  for (let i = 0; i < count; i += 1) {
    const before = Math.max(0, i - 1)
    const after = Math.min(count - 1, i + 1)
    const dx = points[2 * after]! - points[2 * before]!
    const dy = points[2 * after + 1]! - points[2 * before + 1]!
    const length = Math.hypot(dx, dy) || 1
    const nx = ((-dy / length) * width) / 2
    const ny = ((dx / length) * width) / 2
    left.push(points[2 * i]! + nx, points[2 * i + 1]! + ny)
    right.unshift(points[2 * i]! - nx, points[2 * i + 1]! - ny)
  }
  return [...left, ...right]
}

export function rotate(outline: Outline, angle: number, x = 0, y = 0): Outline {
  const cosine = cos(angle)
  const sine = sin(angle)
  return outline.map((value, i) => {
    const dx = (i % 2 === 0 ? value : outline[i - 1]!) - x
    const dy = (i % 2 === 0 ? outline[i + 1]! : value) - y
    return i % 2 === 0 ? x + cosine * dx - sine * dy : y + sine * dx + cosine * dy
  })
}
