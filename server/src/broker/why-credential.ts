import type { AnyDb } from '../kit/database.ts'
import type { KeyLimits } from './domain/key-limits.ts'
import { identityWords } from './identity-words.ts'
import { pairConsumers, tell } from './judge-rotation.ts'
import type { BrokerPorts } from './room.ts'
import { consumersOf } from './store-consumer.ts'
import { type Credential, findCredential } from './store-credential.ts'
import { type Rotation, rotationsOf, type Told } from './store-rotation.ts'
import { stopsOf } from './store-stop.ts'
import { trustsOf } from './store-trust.ts'
import { whyRotations } from './why-rotation.ts'

/** How a credential stands and why, in short sentences; observe's `why` asks for it. */
export const whyCredential = async (ports: Pick<BrokerPorts, 'subjects'>, db: AnyDb, id: string, at: Date) => {
  const credential = await findCredential(db, id)
  if (credential === undefined) return undefined
  const stops = await stopsOf(db, 'credential', id)
  // A copy of a bound key is stopped as the instance that it is.
  const copied = credential.kind === 'bound-key' ? await stopsOf(db, 'instance', `${credential.identity}/${id}`) : []
  const issuer = await issuerStopped(db, credential)
  const isExpired = credential.expiresAt <= at.getTime()
  const state = credential.state === 'active' && isExpired ? 'expired' : credential.state
  const because = [
    `it is a ${credential.kind} of ${await identityWords(ports, db, credential.identity)}, added ${day(credential.createdAt)} by ${credential.createdBy ?? 'reeve'}`,
    `it ${isExpired ? 'expired' : 'expires'} ${day(credential.expiresAt)}`,
    credential.lastUsedAt === null ? 'it was never used' : `it was last used ${day(credential.lastUsedAt)}`,
  ]
  if (credential.limits !== null) because.push(limitsOf(credential.kind, credential.limits))
  if (credential.state !== 'active')
    because.push(
      `it was ${credential.state} ${day(credential.stateAt)} by ${credential.stateBy ?? 'reeve'}: ${credential.stateReason ?? 'no reason given'}`,
    )
  const rotations = await rotationsOf(db, [id])
  const running = rotations.find((rotation) => rotation.state === 'overlap')
  const now = running && (await toldNow(db, running))
  because.push(...whyRotations(id, rotations, now))
  if (running?.predecessor === id && credential.consumersOverAt !== null)
    because.push('it was used from more places than are kept, so that its deadline decides')
  for (const stop of copied) because.push(`it was stopped as an instance ${day(stop.stopped_at)}: ${stop.reason}`)
  because.push(...issuer.because)
  for (const stop of stops)
    because.push(`verifiers were told to refuse its tokens ${day(stop.stopped_at)}: ${stop.reason}`)
  return {
    id,
    summary: copied.length + issuer.because.length > 0 ? 'the credential is stopped' : `the credential is ${state}`,
    because,
    policies: [],
    missing: [],
    wouldAllow: null,
    next: copied.length > 0 ? COPIED : (issuer.next ?? NEXT[state]),
  }
}

/** Of a trust that would work: what stops the issuer that it believes, and how that ends. */
const issuerStopped = async (
  db: AnyDb,
  { id, state }: Credential,
): Promise<{ readonly because: readonly string[]; readonly next: string | undefined }> => {
  const issuer = state === 'active' ? (await trustsOf(db, [id])).get(id)?.terms.issuer : undefined
  const stops = issuer === undefined ? [] : await stopsOf(db, 'issuer', issuer)
  return {
    because: stops.map(
      ({ stopped_at: at, stopped_by: by, reason }) =>
        `${issuer} was quarantined ${day(at)} by ${by ?? 'reeve'}: ${reason}`,
    ),
    next:
      stops.length === 0 ? undefined : `release it with \`reeve release issuer ${issuer}\` once it is to be believed`,
  }
}

/** Who has moved to the new credential of a rotation that runs, and who has not. */
export const toldNow = async (db: AnyDb, running: Rotation): Promise<Told> =>
  tell(pairConsumers(await consumersOf(db, [running.predecessor, running.successor]), running))

const limitsOf = (kind: string, { audience, actions, networks }: KeyLimits): string =>
  kind === 'webhook-secret'
    ? `it signs webhooks to ${audience}, for ${actions.join(', ')}`
    : `it is for ${actions.join(', ')} on ${audience}, from ${networks.length === 0 ? 'everywhere' : networks.join(', ')}`

const COPIED =
  'find out which machine is the right one, revoke this with `reeve credential revoke ID`, and let the machine join with a new one'

const NEXT = {
  active: 'nothing: it can be used',
  expired: 'add a new one with `reeve credential add`',
  retired:
    'use its successor; what this one got before lives to its end, or revoke it with `reeve credential revoke ID`',
  quarantined: 'release it with `reeve release credential ID`, or revoke it',
  revoked: 'add a new one with `reeve credential add`; what is revoked stays revoked',
} as const

const day = (ms: number): string => new Date(ms).toISOString()
