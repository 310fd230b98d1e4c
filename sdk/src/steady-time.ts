import type { Clock } from './clock.ts'

/** Time that a step of the host's clock cannot turn back. */
export interface SteadyTime {
  /** Seconds since 1970 by which expiry is judged. */
  nowSeconds(): number
  /** Seconds since 1970 that neither a step forward nor one back has pushed ahead: for forgetting what is over. */
  earliestSeconds(): number
}

/**
 * Judges by the later of the host's clock and the monotonic one: a step back revives no expired token, a step forward
 * that is taken back leaves nothing behind. A difference that lasts ten minutes is believed to be a correction.
 */
export const createSteadyTime = (clock: Clock): SteadyTime => {
  let anchorMs = clock.nowMs() - clock.monotonicMs()
  let differsSinceMs: number | undefined

  const read = (): { wallMs: number; steadyMs: number } => {
    const wallMs = clock.nowMs()
    const monotonicMs = clock.monotonicMs()
    const differenceMs = wallMs - monotonicMs - anchorMs
    if (Math.abs(differenceMs) <= slewMsMax) differsSinceMs = undefined
    else differsSinceMs ??= monotonicMs
    if (differsSinceMs !== undefined && monotonicMs - differsSinceMs >= settleMs) {
      anchorMs += differenceMs
      differsSinceMs = undefined
    }
    return { wallMs, steadyMs: monotonicMs + anchorMs }
  }

  return {
    nowSeconds: () => {
      const { wallMs, steadyMs } = read()
      return Math.max(wallMs, steadyMs) / 1000
    },
    earliestSeconds: () => {
      const { wallMs, steadyMs } = read()
      return Math.min(wallMs, steadyMs) / 1000
    },
  }
}

const slewMsMax = 1_000
const settleMs = 600_000
