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

  /** As `call`, for what gives a promise: also a wrong argument is a rejection. Buffers are copied before it returns. */
  protected async start<T>(run: (native: Native) => Promise<T>): Promise<T> {
    return callNative(() => run(this.native))
  }
}

/**
 * The addon's object behind an argument. Anything else goes to the addon as it is, which refuses it by its field
 * (SEMPLES_ARGUMENT_INVALID).
 */
export function nativeOf<Native extends NativeHandle>(handle: Handle<Native>): Native
export function nativeOf<Native extends NativeHandle>(handle: Handle<Native> | undefined): Native | undefined
export function nativeOf(handle: unknown): unknown {
  return handle instanceof Handle ? handle.native : handle
}
