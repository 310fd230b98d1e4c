import type { Failure } from './failure.ts'
import { safeText } from './safe-text.ts'
import type { Surroundings } from './surroundings.ts'

/** Says what failed, why, and the next step, on stderr. */
export const reportError = (around: Surroundings, failure: Failure): void => {
  const lines = [
    `error: ${failure.message}`,
    ...failure.lines.map((line) => `  ${line}`),
    ...(failure.next === undefined ? [] : [`  next: ${failure.next}`]),
  ]
  around.err(lines.map((line) => `${safeText(line)}\n`).join(''))
}
