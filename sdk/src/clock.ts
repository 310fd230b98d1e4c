/** Where the SDK gets time from: hand in another one to stand anywhere in time. */
export interface Clock {
  /** Milliseconds since 1970, as the host believes; it may step. */
  nowMs(): number
  /** Milliseconds since any fixed moment; it never goes back. */
  monotonicMs(): number
  /** Runs once after a delay, and gives back what cancels it. */
  after(delayMs: number, run: () => void): () => void
}

/** The host's clock; its timers never keep a process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs)
    // Node gives an object, browsers a number, which holds nothing open.
    if (typeof timer === 'object') timer.unref()
    return () => clearTimeout(timer)
  },
}

/** Waits, or returns early when the signal fires. */
export const pause = (clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const wake = () => {
      cancel()
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const cancel = clock.after(delayMs, wake)
    signal.addEventListener('abort', wake, { once: true })
  })
