/** Receives what LibTorch and OpenMP warn of, a line each; `console` will do. */
export interface Logger {
  warn(message: string): void
}

export interface LoggerOption {
  /**
   * Receives the warnings of LibTorch and OpenMP; by default they are dropped. They are the process's, so that jobs that
   * run at the same time may receive each other's.
   */
  logger?: Logger
}

/** One entry a job: the same logger may serve several. */
const entries = new Set<{ logger: Logger }>()
let take: () => string[] = () => []

/** Sends warnings to a logger, if there is one, from now on. @returns ends that */
export function addLogger(logger: Logger | undefined): () => void {
  if (logger === undefined) return () => {}
  const entry = { logger }
  entries.add(entry)
  return () => void entries.delete(entry)
}

/** Runs a job whose warnings go to a logger. */
export async function withLogger<T>(logger: Logger | undefined, job: () => Promise<T>): Promise<T> {
  const end = addLogger(logger)
  try {
    return await job()
  } finally {
    end()
  }
}

export function logWarning(message: string): void {
  for (const logger of new Set([...entries].map((entry) => entry.logger))) logger.warn(message)
}

/** Names the addon's function that gives what LibTorch has warned of. */
export function collectWarnings(taken: () => string[]): void {
  take = taken
}

/** Gives the loggers what LibTorch has warned of since the last call. */
export function deliverWarnings(): void {
  for (const message of take()) logWarning(`LibTorch: ${message}`)
}
