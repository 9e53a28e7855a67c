/** Progress of what is fetched into the user cache. */
export interface FetchProgress {
  /**
   * `wait`: another process is fetching; `search`: looking for the packages; `download`, which also says where a
   * connection broke off; `unpack`; `build`: compiling, whose steps are counted instead of bytes; `done`.
   */
  phase: 'wait' | 'search' | 'download' | 'unpack' | 'build' | 'done'
  /** The phase in words, with its size where it has one. */
  message: string
  /** Bytes done in this phase. */
  doneBytes: number
  /** Total bytes of this phase, known before its first byte is written. */
  totalBytes?: number
}

export type ReportProgress = (progress: FetchProgress) => void

/** What everything that fetches takes. */
export interface FetchOptions {
  onProgress?: ReportProgress
  signal?: AbortSignal
}

/** `191.8 MB`, in decimal units. */
export function formatBytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(1)} MB`
}
