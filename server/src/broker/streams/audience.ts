import type { AnyDb } from '../../kit/database.ts'
import type { ToldStop } from '../domain/security-event.ts'
import type { Stream } from '../domain/stream.ts'
import type { BrokerPorts } from '../room.ts'
import { formerOf } from '../store-tenure.ts'

/** Whether a receiver may be told of a stop; remembers what it asked the other rooms, for one walk along a stream. */
export type Audience = (stream: Stream, told: ToldStop) => Promise<boolean>

/**
 * Who hears of what: those who serve what the stopped can reach, or could while a token of it may have lived. Of a token
 * alone whose owner is not known, and of the issuer, everybody hears: their names say nothing of the register.
 */
export const createAudience = (db: AnyDb, ports: Pick<BrokerPorts, 'receivers' | 'tiers'>): Audience => {
  const tokenMs = 1000 * Math.max(...Object.values(ports.tiers).map(({ tokenSecondsMax }) => tokenSecondsMax))
  const known = new Map<string, Promise<ReadonlySet<string>>>()
  const receiversOf = (about: { readonly identity: string } | { readonly team: string }, at: number) => {
    // Within a minute nothing ends that is not looked at anyway.
    const since = Math.floor((at - tokenMs) / 60_000) * 60_000
    const key = JSON.stringify([about, since])
    const found = known.get(key) ?? ports.receivers.toldOf(db, about, new Date(since))
    if (known.size >= KNOWN_MAX) known.clear()
    known.set(key, found)
    return found
  }
  const hears = async (receiver: string, identity: string, at: number): Promise<boolean> =>
    (await receiversOf({ identity }, at)).has(receiver)

  return async ({ identity: receiver, excluded }, { scope, subject, identity, at }) => {
    if (identity !== null) return !excluded.includes(identity) && hears(receiver, identity, at)
    if (scope !== 'owner') return true
    if ((await receiversOf({ team: subject }, at)).has(receiver)) return true
    // Whoever went to another team meanwhile may hold a token that names this one.
    for (const former of await formerOf(db, subject, new Date(at))) if (await hears(receiver, former, at)) return true
    return false
  }
}

const KNOWN_MAX = 1_000
