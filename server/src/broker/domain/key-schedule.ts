/** A signing key's life: made, shown to verifiers, used, shown still, gone. */
export type KeyState = 'prepared' | 'published' | 'active' | 'retiring' | 'retired'

/** What the schedule looks at. Times are milliseconds since 1970. */
export interface ScheduledKey {
  readonly id: string
  readonly state: KeyState
  readonly preparedAt: number
  readonly publishedAt: number | null
  readonly activatedAt: number | null
  readonly retiringAt: number | null
}

/** How long each part of that life takes. */
export interface KeyRules {
  /** How long a key signs before its successor does. */
  readonly rotationMs: number
  /** For how long verifiers are shown a key before it signs: longer than any of them keeps the key set. */
  readonly leadMs: number
  /** For how much longer a key that some verifier has not confirmed waits for it, and no longer. */
  readonly waitMs: number
  /** For how long a key is shown after it last signed: the longest token, and what clocks may differ. */
  readonly tailMs: number
}

/** The rules of this server, for tokens that live at most so long. */
export const keyRules = (tokenSecondsMax: number): KeyRules => ({
  rotationMs: 30 * 24 * HOUR_MS,
  leadMs: HOUR_MS,
  waitMs: 23 * HOUR_MS,
  tailMs: (tokenSecondsMax + CLOCK_SKEW_SECONDS) * 1000,
})

/** One change that is due: a new key is to be made, or this one moves on. */
export type KeyStep = { readonly to: 'prepared' } | { readonly to: Exclude<KeyState, 'prepared'>; readonly id: string }

/** When a key that is shown signs: from the first moment on if every verifier has it, else at the last. */
export const signingTimes = (
  publishedAt: number,
  { leadMs, waitMs }: KeyRules,
): { readonly fromMs: number; readonly byMs: number } => ({
  fromMs: publishedAt + leadMs,
  byMs: publishedAt + leadMs + waitMs,
})

/**
 * What is due now for the keys of one algorithm, in the order in which it is to be done; `lacked` are the ids of those that
 * some verifier has not confirmed.
 */
export const dueSteps = (
  keys: readonly ScheduledKey[],
  nowMs: number,
  rules: KeyRules,
  lacked: ReadonlySet<string>,
): readonly KeyStep[] => {
  const inState = (state: KeyState) => keys.filter((key) => key.state === state)
  const [active] = inState('active')
  const [prepared] = inState('prepared')
  const [published] = inState('published')
  const dueAt = (active?.activatedAt ?? nowMs) + rules.rotationMs
  const steps: KeyStep[] = inState('retiring')
    .filter((key) => (key.retiringAt ?? nowMs) + rules.tailMs <= nowMs)
    .map(({ id }) => ({ to: 'retired', id }))
  if (active === undefined) return steps
  const isSuccessorDue = nowMs >= dueAt - 2 * rules.leadMs
  if (prepared === undefined && published === undefined && isSuccessorDue) steps.push({ to: 'prepared' })
  if (prepared !== undefined && published === undefined && nowMs >= dueAt - rules.leadMs)
    steps.push({ to: 'published', id: prepared.id })
  // INVARIANT: nothing is signed by a key that verifiers had no time to see; and none of them holds it up beyond its last moment.
  if (published !== undefined) {
    const { fromMs, byMs } = signingTimes(published.publishedAt ?? nowMs, rules)
    if (nowMs >= (lacked.has(published.id) ? byMs : fromMs))
      steps.push({ to: 'retiring', id: active.id }, { to: 'active', id: published.id })
  }
  return steps
}

const HOUR_MS = 3_600_000
const CLOCK_SKEW_SECONDS = 60
