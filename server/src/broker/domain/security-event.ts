import { EVENT_TYPES, type EventName, type OwnEvent } from './stream.ts'

/** An entry of the feed with what stopped the target, as far as a receiver may be told of it. */
export interface ToldStop {
  /** Its number in the feed. */
  readonly seq: number
  readonly target: string
  readonly verb: 'quarantine' | 'release' | 'revoke'
  /** Seconds since 1970; null: until it is released. */
  readonly until: number | null
  /** Milliseconds since 1970. */
  readonly at: number
  readonly scope: 'token' | 'credential' | 'instance' | 'identity' | 'owner' | 'key' | 'issuer'
  readonly subject: string
  /** Whose it is; null for a token of which that is not known, and for what many have. */
  readonly identity: string | null
  readonly by: string | null
}

/** What is signed, without who it is for. */
export interface SecurityEvent {
  /** Tells apart the events of one entry, in the name of each. */
  readonly part: string
  readonly name: EventName
  readonly subject: Readonly<Record<string, unknown>>
  readonly event: Readonly<Record<string, unknown>>
}

/**
 * What an entry is in the words of CAEP 1.0. A stop ends sessions; of a credential it is a change of that as well. CAEP has
 * no word for the end of a stop: what is released is told as tokens that are active again.
 */
export const securityEvents = (told: ToldStop, issuer: string): readonly SecurityEvent[] => {
  const subject = subjectOf(told, issuer)
  const common = {
    event_timestamp: Math.floor(told.at / 1000),
    ...(told.verb === 'release' ? {} : { initiating_entity: entityOf(told.by), reason_admin: { en: reasonOf(told) } }),
    reeve: { seq: told.seq, scope: told.scope, verb: told.verb, until: told.until, target: told.target },
  }
  const sessions: SecurityEvent =
    told.verb === 'release'
      ? { part: 't', name: 'token-claims-change', subject, event: { claims: { active: true }, ...common } }
      : { part: 's', name: 'session-revoked', subject, event: common }
  if (told.scope !== 'credential' || told.identity === null) return [sessions]
  const change = {
    credential_type: 'app',
    change_type: told.verb === 'revoke' ? 'revoke' : 'update',
    friendly_name: told.subject,
    ...common,
  }
  return [sessions, { part: 'c', name: 'credential-change', subject: identityOf(told.identity, issuer), event: change }]
}

/** The claims of a SET (RFC 8417 §2.2, SSF 1.0 §4.1): no exp, no sub; the same ones whenever it is told again. */
export const claimsOf = (
  { part, name, subject, event }: SecurityEvent,
  { seq, at }: Pick<ToldStop, 'seq' | 'at'>,
  { issuer, audience, stream }: { readonly issuer: string; readonly audience: string; readonly stream: string },
) => ({
  iss: issuer,
  aud: audience,
  jti: `${stream}.${seq}${part}`,
  iat: Math.floor(at / 1000),
  // SSF 1.0 §4.1.9: one for all that comes of one cause, whoever is told.
  txn: `revocation-${seq}`,
  sub_id: subject,
  events: { [EVENT_TYPES[name]]: event },
})

/** The number of the feed in the name of a SET of this stream; undefined for any other name. */
export const seqOfJti = (jti: string, stream: string): number | undefined => {
  if (!jti.startsWith(`${stream}.`)) return undefined
  const found = /^(\d{1,15})[stc]$/.exec(jti.slice(stream.length + 1))?.[1]
  return found === undefined ? undefined : Number(found)
}

/** The claims of what is about the stream itself; its subject is the stream. */
export const ownClaimsOf = (
  own: OwnEvent,
  { issuer, audience, stream }: { readonly issuer: string; readonly audience: string; readonly stream: string },
) => ({
  iss: issuer,
  aud: audience,
  jti: `${stream}.${own.id}`,
  iat: own.at,
  txn: own.id,
  sub_id: { format: 'opaque', id: stream },
  events: { [`https://schemas.openid.net/secevent/ssf/event-type/${own.type}`]: ownEvent(own) },
})

const ownEvent = (own: OwnEvent) => {
  if (own.type === 'verification') return own.state === null ? {} : { state: own.state }
  return { status: own.status, ...(own.reason === null ? {} : { reason: own.reason }) }
}

// SSF 1.0 §3, RFC 9493 §3: the names that a token of ours has in its claims.
const subjectOf = ({ scope, subject, identity }: ToldStop, issuer: string) => {
  if (scope === 'token') return { format: 'jwt_id', iss: issuer, jti: subject }
  if (scope === 'issuer') return { format: 'uri', uri: subject }
  if (scope === 'key') return { format: 'opaque', id: subject }
  if (scope === 'owner') {
    // A team, or what an identity got under a former one.
    const [team = '', holder] = subject.split('/')
    const group = { format: 'opaque', id: team }
    return holder === undefined
      ? { format: 'complex', group }
      : { format: 'complex', user: identityOf(holder, issuer), group }
  }
  const user = identityOf(identity ?? subject, issuer)
  if (scope === 'credential') return { format: 'complex', user, session: { format: 'opaque', id: subject } }
  if (scope === 'instance')
    return { format: 'complex', user, device: { format: 'opaque', id: subject.slice(subject.indexOf('/') + 1) } }
  return user
}

const identityOf = (id: string, issuer: string) => ({ format: 'iss_sub', iss: issuer, sub: id })

const entityOf = (by: string | null): string => {
  if (by === null) return 'system'
  return by.startsWith('per_') ? 'admin' : 'user'
}

// Not the words of whoever stopped it: those may name what is none of the receiver's business.
const reasonOf = ({ scope, verb }: ToldStop): string => `${scope} ${verb === 'revoke' ? 'revoked' : 'quarantined'}`
