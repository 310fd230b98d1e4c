import type { Socket } from 'node:net'

/** Receivers that wait for what comes: bounded in number and in time, one for each stream. */
export interface PollWaits {
  begin(stream: string, socket: Socket): PollWait
  /** Nobody waits any longer. */
  close(): void
}

/** One of them. */
export interface PollWait {
  /** True as soon as there may be something; false when it is over. */
  next(): Promise<boolean>
  end(): void
}

const WAITS_MAX = 1_000

/** Nobody waits yet. A newer wait for a stream ends the older one: who asks again has given that one up. */
export const createPollWaits = (given: {
  readonly secondsMax: number
  onNews(listener: () => void): () => void
}): PollWaits => {
  const waiting = new Map<string, () => void>()
  let isClosed = false

  return {
    begin: (stream, socket) => {
      let isNews = false
      let isOver = isClosed
      let wakeUp = (): void => undefined
      const over = (): void => {
        isOver = true
        wakeUp()
      }
      const stopListening = given.onNews(() => {
        isNews = true
        wakeUp()
      })
      let timer: NodeJS.Timeout | undefined
      socket.once('close', over)
      return {
        next: async () => {
          // Whoever was ended while it looked must not end the one that did so.
          if (isOver) return false
          if (waiting.get(stream) !== over) {
            waiting.get(stream)?.()
            if (waiting.size >= WAITS_MAX) return false
            waiting.set(stream, over)
          }
          timer ??= setTimeout(over, given.secondsMax * 1000).unref()
          if (!isNews && !isOver)
            await new Promise<void>((resolve) => {
              wakeUp = resolve
            })
          isNews = false
          return !isOver
        },
        end: () => {
          clearTimeout(timer)
          stopListening()
          socket.off('close', over)
          if (waiting.get(stream) === over) waiting.delete(stream)
        },
      }
    },
    close: () => {
      isClosed = true
      for (const over of waiting.values()) over()
    },
  }
}
