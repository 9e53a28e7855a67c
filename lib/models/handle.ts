import type { NativeHandle } from '../native/addon.js'
import { callNative } from '../native/errors.js'

/**
 * What every object that lives in native memory has: `dispose()`, `using` support, and typed errors.
 * After `dispose()` every call is a SEMPLES_DISPOSED error; a call under way ends normally. Disposing twice is fine.
 */
export abstract class Handle<Native extends NativeHandle> {
  /** The addon's object; lib/models hands it to other native calls. */
  readonly native: Native

  protected constructor(native: Native) {
    this.native = native
  }

  get disposed(): boolean {
    return this.native.disposed
  }

  /** Frees the native memory; what a job under way needs is freed when it ends. */
  dispose(): void {
    this.native.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  protected call<T>(run: (native: Native) => T): T {
    return callNative(() => run(this.native))
  }
}
