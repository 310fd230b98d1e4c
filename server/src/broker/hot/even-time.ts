import type { Clock } from '../../kit/clock.ts'

// Longer than a look and a record mostly take: who takes two steps takes them by chance.
const STEP_MS = 25

/**
 * Waits for the next of some steps of time. Of who is known more is read, and more is recorded: a fraction of a
 * millisecond, which would tell by many tries which names there are.
 */
export const untilNextStep = async ({ monotonicMs }: Pick<Clock, 'monotonicMs'>, beganMs: number): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, leftMs(beganMs, monotonicMs())))
}

// Timers go off at whole milliseconds: counted from one of them to another, what is over of this one tells nothing.
const leftMs = (beganMs: number, nowMs: number): number => {
  const steps = Math.floor((nowMs - beganMs) / STEP_MS) + 1
  return Math.floor(beganMs + steps * STEP_MS) - Math.floor(nowMs) + 1
}
