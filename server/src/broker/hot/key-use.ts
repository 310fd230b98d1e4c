import type { KeyBound } from '../domain/key-limits.ts'
import type { ClientCredential } from '../memory/client-memory.ts'
import type { KeyRates } from '../memory/key-rates.ts'

/** One use of a credential, held to its limits where it is an API key; other credentials have none. */
export interface KeyUse {
  /** Which limit refuses this; undefined: none does. */
  refusedBy(asked: { readonly resource: string; readonly actions: readonly string[] }): KeyBound | undefined
  /** What is left of the actions that were granted. */
  narrowed(actions: readonly string[]): readonly string[]
  /** Counts this use, once however often it is judged; the seconds to wait when there were too many. */
  waitSeconds(): number | undefined
}

/** The use of a credential from an address. */
export const keyUse = (rates: KeyRates, { id, limits }: ClientCredential, address: string | null): KeyUse => {
  if (limits === undefined) return NO_LIMITS
  const { resource, actions, ratePerMinute, isInside } = limits
  let counted: { readonly wait: number | undefined } | undefined
  return {
    refusedBy: (asked) => {
      if (asked.resource !== resource) return 'resource'
      if (!isInside(address)) return 'network'
      return asked.actions.every((action) => actions.includes(action)) ? undefined : 'actions'
    },
    narrowed: (granted) => granted.filter((action) => actions.includes(action)),
    waitSeconds: () => {
      counted ??= { wait: ratePerMinute === null ? undefined : rates.take(id, ratePerMinute) }
      return counted.wait
    },
  }
}

const NO_LIMITS: KeyUse = {
  refusedBy: () => undefined,
  narrowed: (granted) => granted,
  waitSeconds: () => undefined,
}
