/** Where an identity stands. */
export const STATES = ['unmanaged', 'requested', 'active', 'quarantined', 'disabled', 'retired'] as const
export type State = (typeof STATES)[number]

/** What may happen to it. */
export type Step = 'adopt' | 'activate' | 'quarantine' | 'release' | 'expire' | 'retire'

/**
 * The transitions, all of them. A release goes back to where the identity was before its quarantine; an identity that
 * is quarantined twice stays quarantined and remembers what it was at first.
 */
const NEXT: Readonly<Record<State, Partial<Record<Step, State | 'before'>>>> = {
  unmanaged: { adopt: 'requested' },
  requested: { activate: 'active', quarantine: 'quarantined', expire: 'disabled', retire: 'retired' },
  active: { quarantine: 'quarantined', expire: 'disabled', retire: 'retired' },
  quarantined: { quarantine: 'quarantined', release: 'before', retire: 'retired' },
  disabled: { activate: 'active', quarantine: 'quarantined', retire: 'retired' },
  retired: {},
}

/** The state after this step, or undefined where the table has no such transition. */
export const nextState = (now: { state: State; stateBefore: State | null }, step: Step): State | undefined => {
  const next = NEXT[now.state][step]
  return next === 'before' ? (now.stateBefore ?? undefined) : next
}
