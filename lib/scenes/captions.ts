import type { SceneRandom } from './random.js'
import type { Background, ObjectName } from './vocabulary.js'

/** `{}` is what the picture shows. The first is the template that the stages use for class texts. */
export const CAPTION_PREFIXES = [
  'a photo of {}.',
  'a picture of {}.',
  'an image of {}.',
  'a drawing of {}.',
  'a small picture of {}.',
  'this is {}.',
  'here is {}.',
  'one can see {}.',
  '{}.',
] as const

/** How an object and its background are joined: `a train on rails`. */
const JOINTS = [
  '{object} on {background}',
  '{object} with {background}',
  '{object} and {background}',
  '{object}, {background}',
] as const

const article = (word: string): string => (/^[aeiou]/.test(word) ? `an ${word}` : `a ${word}`)

/** `a boat`, `a boat and a cow`; or bare nouns, as in class texts. */
function objectPhrase(random: SceneRandom, objects: readonly ObjectName[]): string {
  const bare = random.chance(0.5)
  return objects.map((name) => (bare ? name : article(name))).join(' and ')
}

/** What a caption mentions. `both` falls back to what the picture has. */
export type CaptionKind = 'objects' | 'background' | 'both'

/** Share of captions of two sentences or more: they train the later positions, where learned prompts end. */
const LONG = 0.15

/**
 * A caption as people write them: half name only the objects, an eighth only the background, the rest both.
 *
 * @param objects different names; empty when the picture shows background alone
 * @param background undefined when there is none
 * @param kind what to speak of, instead of drawing it
 */
export function caption(
  random: SceneRandom,
  objects: readonly ObjectName[],
  background: Background | undefined,
  kind: CaptionKind = drawKind(random),
): string {
  const sentences = random.chance(LONG) ? random.integer(2, 4) : 1
  return Array.from({ length: sentences }, () => sentence(random, objects, background, kind)).join(' ')
}

function drawKind(random: SceneRandom): CaptionKind {
  const draw = random.next()
  return draw < 0.5 ? 'objects' : draw < 0.62 ? 'background' : 'both'
}

function sentence(
  random: SceneRandom,
  objects: readonly ObjectName[],
  background: Background | undefined,
  kind: CaptionKind,
): string {
  let content: string
  if (objects.length === 0 || (kind === 'background' && background !== undefined)) content = background ?? 'nothing'
  else if (background === undefined || kind === 'objects') content = objectPhrase(random, objects)
  else
    content = random.pick(JOINTS).replace('{object}', objectPhrase(random, objects)).replace('{background}', background)
  return random.pick(CAPTION_PREFIXES).replace('{}', content)
}
