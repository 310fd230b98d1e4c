import { setTimeout as wait } from 'node:timers/promises'

/** What became of one request. */
export interface Asked<Answer> {
  readonly answer: Answer
  readonly startedMs: number
  readonly tookMs: number
}

const LOOK_EVERY_MS = 5

/**
 * Asks so many times a second, however long the answers take, until it is stopped; never more than `atOnceMax` at once.
 * `ask` says what became of a request, and never rejects.
 */
export const startLoad = <Answer>(
  ask: (at: number) => Promise<Answer>,
  { aSecond, atOnceMax = 2_000 }: { readonly aSecond: number; readonly atOnceMax?: number },
): { readonly asked: readonly Asked<Answer>[]; stop(): Promise<void> } => {
  const asked: Asked<Answer>[] = []
  const running = new Set<Promise<void>>()
  const from = performance.now()
  let isOver = false
  let sent = 0
  const one = async (at: number): Promise<void> => {
    const startedMs = performance.now()
    const answer = await ask(at)
    asked.push({ answer, startedMs, tookMs: performance.now() - startedMs })
  }
  const whole = (async () => {
    while (!isOver) {
      const due = ((performance.now() - from) * aSecond) / 1000
      for (; sent < due && running.size < atOnceMax; sent++) {
        const each = one(sent).finally(() => running.delete(each))
        running.add(each)
      }
      await wait(LOOK_EVERY_MS)
    }
    await Promise.all(running)
  })()
  return {
    asked,
    stop: async () => {
      isOver = true
      await whole
    },
  }
}
