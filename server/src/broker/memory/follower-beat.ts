import type { Log } from '../../kit/log.ts'
import type { FollowerRoll } from './follower-roll.ts'

const BEAT_MS = 2_000

/** Keeps every two seconds who follows here; the returned function ends that and forgets what was kept. */
export const startFollowerBeat = (roll: Pick<FollowerRoll, 'keep' | 'forget'>, log: Log): (() => Promise<void>) => {
  let running: Promise<void> | undefined
  const run = (work: () => Promise<void>): Promise<void> =>
    work()
      // What was kept ends by itself, so a failure at the end is none either.
      .catch((error) => log.warn({ err: error }, 'who follows the feed could not be told to other replicas'))
      .finally(() => {
        running = undefined
      })
  const timer = setInterval(() => {
    // One that takes longer is not overtaken by the next.
    running ??= run(roll.keep)
  }, BEAT_MS).unref()
  return async () => {
    clearInterval(timer)
    await running
    await run(roll.forget)
  }
}
