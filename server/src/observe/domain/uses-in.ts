/** One use of one thing, as an event tells it. */
export interface SeenUse {
  readonly identity: string
  readonly credential: string | null
  readonly instance: string | null
  readonly at: Date
  /** Where it was used; null when a token was issued, which is a use of the credential and not yet of anything else. */
  readonly resource: string | null
  readonly action: string | null
  /** How many there were, all alike; one unless it says so. */
  readonly count?: number
  /** From where the credential itself was presented; undefined where only a token of it was seen. */
  readonly from?: { readonly address: string | null } | undefined
}

/** A credential that was presented from somewhere and accepted, or, of an attempt, refused because it had been stopped. */
export interface SeenConsumer {
  readonly credential: string
  /** The running copy, as it named itself; empty where it did not. */
  readonly instance: string
  /** The network address; empty where it is not known. */
  readonly address: string
  readonly at: Date
}

/** What a batch of uses adds up to: the latest moment of each, in one order everywhere. */
export interface SummedUses {
  readonly identities: readonly { readonly id: string; readonly at: Date }[]
  readonly credentials: readonly { readonly id: string; readonly at: Date }[]
  readonly instances: readonly { readonly identity: string; readonly instance: string; readonly at: Date }[]
  readonly uses: readonly {
    readonly identity: string
    readonly resource: string
    readonly action: string | null
    readonly instance: string | null
    readonly at: Date
    readonly count: number
  }[]
  /** From where credentials were presented. */
  readonly consumers: readonly SeenConsumer[]
}

/** Sums up what was used. */
export const sumUses = (seen: readonly SeenUse[]): SummedUses => {
  const credentials = seen.flatMap(({ credential, at }) => (credential === null ? [] : [{ id: credential, at }]))
  const instances = seen.flatMap(({ identity, instance, at }) =>
    instance === null ? [] : [{ identity, instance, at }],
  )
  const uses = seen.flatMap((use) =>
    use.resource === null ? [] : [{ ...use, resource: use.resource, count: use.count ?? 1 }],
  )
  return {
    identities: latest(
      seen.map(({ identity, at }) => ({ id: identity, at })),
      ({ id }) => [id],
    ),
    credentials: latest(credentials, ({ id }) => [id]),
    instances: latest(instances, ({ identity, instance }) => [identity, instance]),
    uses: summed(uses),
    consumers: latestConsumers(
      seen.flatMap(({ credential, instance, at, from }) =>
        credential === null || from === undefined
          ? []
          : [{ credential, instance: instance ?? '', address: from.address ?? '', at }],
      ),
    ),
  }
}

/** The latest of each, in one order everywhere. */
export const latestConsumers = (seen: readonly SeenConsumer[]): readonly SeenConsumer[] =>
  latest(seen, ({ credential, instance, address }) => [credential, instance, address])

const latest = <T extends { readonly at: Date }>(items: readonly T[], keyOf: (item: T) => readonly string[]): T[] => {
  const found = new Map<string, T>()
  for (const item of items) {
    const key = JSON.stringify(keyOf(item))
    const known = found.get(key)
    if (known === undefined || known.at < item.at) found.set(key, item)
  }
  return inOrder(found)
}

const summed = (uses: readonly SummedUses['uses'][number][]): SummedUses['uses'][number][] => {
  const found = new Map<string, SummedUses['uses'][number]>()
  for (const { identity, resource, action, instance, at, count } of uses) {
    const key = JSON.stringify([identity, resource, action, instance])
    const known = found.get(key)
    found.set(key, {
      identity,
      resource,
      action,
      instance,
      at: known === undefined || known.at < at ? at : known.at,
      count: (known?.count ?? 0) + count,
    })
  }
  return inOrder(found)
}

// Whoever else writes these rows takes them in the same order, so that nobody waits in a circle.
const inOrder = <T>(found: ReadonlyMap<string, T>): T[] =>
  [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item)
