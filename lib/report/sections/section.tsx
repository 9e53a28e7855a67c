import type { ComponentChildren } from 'preact'

interface SectionProps {
  id: string
  title: string
  /** What the section shows, and how to read it. */
  intro?: ComponentChildren
  children?: ComponentChildren
}

/** A part of the page with its heading, which the table of contents leads to. */
export function Section({ id, title, intro, children }: SectionProps) {
  return (
    <section id={id} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      {intro === undefined ? null : <p class="intro">{intro}</p>}
      {children}
    </section>
  )
}

/** Why a part of the page is missing. */
export function Missing({ children }: { children: ComponentChildren }) {
  return <p class="missing">{children}</p>
}

/** A wide table that scrolls by itself, with the mouse, a finger or the arrow keys. */
export function Scroll({ label, tall, children }: { label: string; tall?: boolean; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it, the keyboard does not reach what is out of sight
    // biome-ignore lint/a11y/useSemanticElements: a section here would need a heading of its own
    <div class={tall ? 'scroll tall' : 'scroll'} role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  )
}

/** The colour of a class beside its name. */
export function Swatch({ color }: { color: string }) {
  return <span class="swatch" style={`background:${color}`} aria-hidden="true" />
}
