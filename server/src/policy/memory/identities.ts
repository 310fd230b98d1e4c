import type { Entity } from '@reeve/cedar'
import type { Grant } from '../domain/grant.ts'
import { type ReadyPart, readyPart, type SourcePolicy } from '../engine/index.ts'
import type { PolicyIdentity } from '../room.ts'

/** What is read of one identity when it is loaded. */
export interface LoadedIdentity {
  readonly identity: PolicyIdentity
  readonly grants: readonly Grant[]
  /** What is open against it, from 0 to 100. */
  readonly risk: number
  /** Until when an exception lets it read what is sensitive and write where others read. */
  readonly mayReadAndWriteUntil: Date | undefined
  /** Live exceptions from environment isolation, by resource id. */
  readonly exceptions: ReadonlyMap<string, { readonly id: string; readonly expiresAt: Date }>
}

/** An identity in memory: its facts, its grants, and the policies that its grants were compiled to. */
export interface Warmed extends LoadedIdentity {
  /** Different for every load: what was remembered of an earlier one is not taken for this. */
  readonly serial: number
  readonly entities: readonly Entity[]
  /** The same, read for all its decisions. */
  readonly ready: ReadyPart | undefined
  readonly grantById: ReadonlyMap<string, Grant>
  readonly policies: readonly string[]
}

/** The identities in memory, the least recently asked for first. */
export interface Identities {
  get(id: string): Warmed | undefined
  /** By its unique name, if it is here. */
  named(name: string): Warmed | undefined
  /** Loads it unless it is there, and then there is nothing to wait for; who asks while it is being loaded waits for the same load. */
  warm(id: string): Promise<void> | undefined
  /** These changed: those that are here are read again and swapped as a whole, those being read are read again. */
  changed(ids: readonly string[]): Promise<void>
  clear(): void
  all(): Iterable<Warmed>
  /** Compiles all again, for a new base. */
  recompile(): void
}

/** What identities in memory stand on. */
export interface IdentitiesGiven {
  /** Undefined when there is no such identity. */
  load(id: string): Promise<LoadedIdentity | undefined>
  /** Compiles the grants of each and puts them all into the engines, in place of `before`; what each became. */
  install(loaded: readonly LoadedIdentity[], before: readonly string[]): readonly (readonly SourcePolicy[])[]
  remove(policies: readonly string[]): void
  entities(loaded: LoadedIdentity): readonly Entity[]
  failed(id: string, error: unknown): void
  readonly max: number
}

/** An empty memory of identities. */
export const createIdentities = (given: IdentitiesGiven): Identities => {
  const kept = new Map<string, Warmed>()
  const ids = new Map<string, string>()
  const loading = new Map<string, { promise: Promise<void>; isStale: boolean }>()
  let serials = 0

  const forget = (id: string): void => {
    const name = kept.get(id)?.identity.name
    if (name !== undefined && ids.get(name) === id) ids.delete(name)
    kept.delete(id)
  }

  const drop = (dropped: readonly string[]): void => {
    given.remove(dropped.flatMap((id) => kept.get(id)?.policies ?? []))
    for (const id of dropped) forget(id)
  }

  const put = (loaded: LoadedIdentity): void => {
    const { id } = loaded.identity
    const [policies = []] = given.install([loaded], kept.get(id)?.policies ?? [])
    const entities = given.entities(loaded)
    forget(id)
    ids.set(loaded.identity.name, id)
    kept.set(id, {
      ...loaded,
      serial: ++serials,
      entities,
      ready: readyPart(entities),
      grantById: new Map(loaded.grants.map((grant) => [grant.id, grant])),
      policies: policies.map((policy) => policy.id),
    })
    // A tenth at a time: each removal copies a part of the index.
    if (kept.size > given.max) drop([...kept.keys()].slice(0, Math.ceil(given.max / 10)))
  }

  const read = async (id: string, state: { isStale: boolean }): Promise<void> => {
    try {
      let loaded = await given.load(id)
      // INVARIANT: what was read before a change is never kept after it; `changed` marks reads that are under way.
      while (state.isStale) {
        state.isStale = false
        loaded = await given.load(id)
      }
      if (loaded === undefined) drop([id])
      else put(loaded)
    } finally {
      // In the same turn as `put`: a change from now on finds what is kept, not a read that is over.
      loading.delete(id)
    }
  }

  const load = (id: string): Promise<void> => {
    const state = { promise: Promise.resolve(), isStale: false }
    loading.set(id, state)
    state.promise = read(id, state)
    return state.promise
  }

  return {
    get: (id) => kept.get(id),
    named: (name) => kept.get(ids.get(name) ?? ''),
    warm: (id) => {
      const known = kept.get(id)
      if (known === undefined) return loading.get(id)?.promise ?? load(id)
      kept.delete(id)
      kept.set(id, known)
      return undefined
    },
    changed: async (those) => {
      for (const id of new Set(those)) {
        const under = loading.get(id)
        if (under !== undefined) under.isStale = true
        if (!kept.has(id) && under === undefined) continue
        try {
          await (under?.promise ?? load(id))
        } catch (error) {
          // Rights that may have been taken away are not kept because they could not be read.
          drop([id])
          given.failed(id, error)
        }
      }
    },
    clear: () => {
      for (const state of loading.values()) state.isStale = true
      drop([...kept.keys()])
    },
    all: () => kept.values(),
    recompile: () => {
      const all = [...kept.values()]
      const installed = given.install(all, [])
      for (const [at, warmed] of all.entries())
        kept.set(warmed.identity.id, {
          ...warmed,
          serial: ++serials,
          policies: (installed[at] ?? []).map((policy) => policy.id),
        })
    },
  }
}
