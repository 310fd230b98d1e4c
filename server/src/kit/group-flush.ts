/**
 * One flush for all who wait. Whoever comes while one runs waits for the next: only that one began after they wrote.
 * INVARIANT: after a failure every later one fails too. What a failed flush dropped is not written by trying again, and
 * the next flush would say that all is well.
 */
export const groupFlush = (flush: () => Promise<void>): (() => Promise<void>) => {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  let broken: Error | undefined

  const run = async (): Promise<void> => {
    if (broken !== undefined) throw broken
    try {
      await flush()
    } catch (error) {
      broken = new Error('the disk did not take what was written', { cause: error })
      throw broken
    }
  }

  const begin = (): Promise<void> => {
    const mine = run().finally(() => {
      if (running === mine) running = undefined
    })
    running = mine
    return mine
  }

  return () => {
    if (running === undefined) return begin()
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined
        return begin()
      })
    return next
  }
}
