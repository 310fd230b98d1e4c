// Longer than a look and a record mostly take: who takes two steps takes them by chance.
const STEP_MS = 25

/** Steps of time that began with a request. Whoever begins them ends them. */
export interface Steps {
  /** Resolves on the next step. */
  next(): Promise<void>
  end(): void
}

/**
 * Of who is known more is read, and more is recorded: a fraction of a millisecond, which would tell by many tries which names
 * there are. INVARIANT: the timer is set before anybody is looked up, and again by itself. One that is set for what is left of a step
 * goes off earlier by what this turn of the event loop took before it, and so tells just that.
 */
export const beginSteps = (): Steps => {
  let waiting: (() => void) | undefined
  const timer = setInterval(() => waiting?.(), STEP_MS)
  return {
    next: () =>
      new Promise((resolve) => {
        waiting = resolve
      }),
    end: () => clearInterval(timer),
  }
}
