/** Tells those who wait that a stream may have more to deliver: on this replica, as soon as it knows. */
export interface StreamNews {
  tell(): void
  /** Returns how to stop listening. */
  follow(listener: () => void): () => void
}

/** Nobody waits yet. */
export const createStreamNews = (): StreamNews => {
  const listeners = new Set<() => void>()
  return {
    tell: () => {
      for (const listener of [...listeners]) listener()
    },
    follow: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
