/** What a finding is about; the order is that of the findings. */
export const subjects = [
  'Node',
  'system',
  'addon',
  'LibTorch',
  'CUDA driver',
  'CUDA toolkit',
  'devices',
  'GPU kernels',
  'threads',
  'memory',
  'cache',
  'sharp',
  'write access',
] as const

export type Subject = (typeof subjects)[number]

/** One thing that was looked at, and what became of it. */
export interface Finding {
  subject: Subject
  /** `problem`: semples cannot work so; `warning`: it works, with less than this machine could give, or not everywhere. */
  state: 'ok' | 'warning' | 'problem'
  /** What was found, in one sentence without its full stop. */
  text: string
  /** Paths and what else belongs to it, a line each. */
  details?: string[]
  /** What to do, a sentence; present unless the state is `ok`. */
  remedy?: string
  /** What to type for it in a shell, a line each. */
  commands?: string[]
}

/** A finding that is not in order needs a remedy. */
export type Fault = Pick<Finding, 'text' | 'details' | 'commands'> & { remedy: string }

export const ok = (subject: Subject, text: string, details?: string[]): Finding => ({
  subject,
  state: 'ok',
  text,
  ...(details === undefined || details.length === 0 ? {} : { details }),
})
export const warning = (subject: Subject, fault: Fault): Finding => ({ subject, state: 'warning', ...whole(fault) })
export const problem = (subject: Subject, fault: Fault): Finding => ({ subject, state: 'problem', ...whole(fault) })

/** Without commands after it, the colon of a remedy is a full stop; empty lists are left out. */
function whole({ text, details = [], remedy, commands = [] }: Fault): Fault {
  return {
    text,
    ...(details.length === 0 ? {} : { details }),
    remedy: commands.length === 0 ? remedy.replace(/:$/, '.') : remedy,
    ...(commands.length === 0 ? {} : { commands }),
  }
}

/** A finding as one paragraph: `LibTorch: 2.13 was not found (…). To fetch it, type: npx semples libtorch install` */
export function paragraph({ subject, text, details = [], remedy, commands = [] }: Finding): string {
  const aside = details.length === 0 ? '' : ` (${details.join('; ')})`
  const typed = commands.length === 0 ? '' : ` ${commands.join(' && ')}`
  return `${subject}: ${text}${aside}.${remedy === undefined ? '' : ` ${remedy}`}${typed}`
}
