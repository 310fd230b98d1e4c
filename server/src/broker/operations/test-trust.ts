import { revocationTarget } from '@reeve/sdk'
import { z } from 'zod'
import type { AnyTx } from '../../kit/database.ts'
import { wasUsed } from '../../kit/once.ts'
import { DEPLOYMENT, type Subject as OperationSubject } from '../../kit/operation.ts'
import type { PlatformProof } from '../domain/client-proof.ts'
import { foreignFacts } from '../domain/foreign-claims.ts'
import { isProofType, OTHER_TYPE } from '../domain/proof-type.ts'
import { misfits } from '../domain/trust.ts'
import { type ForeignToken, readProof } from '../foreign-token.ts'
import { provenFor, useOf } from '../foreign-use.ts'
import { type BrokerPorts, operation } from '../room.ts'
import { stoppedAmong } from '../store-stop.ts'
import { type StoredTrust, trustsOf } from '../store-trust.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'

/** Says which trust would accept a token, and why the others would not. It is a write, so that the token travels in a body. */
export const testTrust = operation.write({
  name: 'broker.trust.test',
  summary: 'say which federation trust would accept a token, and why the others would not; the token is not used up',
  input: z.strictObject({
    /** A token of a platform, or a signed request for AWS. */
    token: z.string().min(1).max(8192),
    /** Look at the trusts of this identity only. */
    identity: z.string().min(1).max(200).optional(),
  }),
  output: z.object({
    /** Whether it would get a token now. */
    isAccepted: z.boolean(),
    /** What is wrong with the token itself, whichever trust it is held against; null when nothing is. */
    problem: z.string().nullable(),
    issuer: z.string().nullable(),
    subject: z.string().nullable(),
    accepts: z.array(z.object({ credential: z.string(), identity: z.string(), name: z.string() })),
    refuses: z.array(
      z.object({ credential: z.string(), identity: z.string(), name: z.string(), because: z.array(z.string()) }),
    ),
    /** How many more trusts in the same issuer refuse it, which are not listed. */
    more: z.number().int(),
  }),
  faults: ['identity_not_found'],
  principals: ['human'],
  // Outside of the transaction: the issuer may have to be asked for its keys.
  prepare: ({ input, ports }) => ports.foreign.read(input.token),
  on: async ({ input, ports, tx }) =>
    input.identity === undefined ? DEPLOYMENT : aboutIdentity(await needIdentity(ports, tx, input.identity)),
  run: async ({ input, now, ports, tx, prepared, sees }) => {
    const only = input.identity === undefined ? undefined : (await needIdentity(ports, tx, input.identity)).id
    const proven = prepared.state === 'proven' ? prepared : undefined
    const seen = proven === undefined ? [] : await judge(proven, { tx, ports, now, only, sees })
    const accepts = seen.filter(({ because }) => because.length === 0)
    const refuses = seen.filter(({ because }) => because.length > 0).slice(0, LISTED_MAX)
    const problem = await problemOf(prepared, input.token, tx)
    const { sub } = proven?.claims ?? {}
    return {
      output: {
        isAccepted: problem === null && accepts.length > 0,
        problem,
        issuer: prepared.issuer ?? null,
        subject: typeof sub === 'string' ? sub.slice(0, SUBJECT_MAX) : null,
        accepts: accepts.map(({ credential, identity, name }) => ({ credential, identity, name })),
        refuses,
        more: seen.length - accepts.length - refuses.length,
      },
      evidence: { state: prepared.state, accepts: accepts.map(({ credential }) => credential).join(' ') },
    }
  },
})

const LISTED_MAX = 100
const LOOKED_MAX = 500
const SUBJECT_MAX = 500

interface Seen {
  readonly credential: string
  readonly identity: string
  readonly name: string
  readonly because: string[]
}

type Proven = Extract<ForeignToken, { state: 'proven' }>

/** Each trust that the caller may know of, with why it would refuse this token. */
const judge = async (
  proven: Proven,
  given: {
    readonly tx: AnyTx
    readonly ports: Pick<BrokerPorts, 'subjects'>
    readonly now: Date
    readonly only: string | undefined
    sees(about: OperationSubject): boolean
  },
): Promise<readonly Seen[]> => {
  const { tx, ports, now, only, sees } = given
  const seen: Seen[] = []
  const looked = [...new Set([...proven.trusts.near(proven.claims), ...proven.trusts.all])].slice(0, LOOKED_MAX)
  // What memory holds may have been stopped since.
  const stored = await trustsOf(
    tx,
    looked.map(({ credential }) => credential),
  )
  for (const { credential } of looked) {
    const trust = stored.get(credential)
    if (trust === undefined || (only !== undefined && trust.identity !== only)) continue
    const subject = await ports.subjects.find(tx, trust.identity)
    if (subject === undefined || !sees(aboutIdentity(subject))) continue
    const because = [...misfits(trust.terms, proven.claims, proven.algorithm)]
    const other = proven.whyNotBy(trust.terms)
    if (other !== undefined) because.push(other)
    if (trust.expiresAt <= now.getTime()) because.push('the trust has expired')
    if (trust.state !== 'active') because.push(`the trust is ${trust.state}`)
    if (subject.state !== 'active') because.push(`the identity is ${subject.state}`)
    if (subject.expiresAt.getTime() <= now.getTime()) because.push('the identity has expired')
    because.push(...(await whyStopped(proven, trust, given)))
    seen.push({ credential, identity: subject.name, name: trust.name, because })
  }
  return seen
}

/** What is stopped of the issuer and of the running copy that the token names: what stops an identity is its state. */
const whyStopped = async (
  { issuer, claims }: Proven,
  { identity, terms }: StoredTrust,
  { tx, now }: { readonly tx: AnyTx; readonly now: Date },
): Promise<readonly string[]> => {
  const instance = foreignFacts(claims, terms.platform)?.instance
  const names = new Map([[revocationTarget('issuer', issuer), 'the issuer is quarantined']])
  if (instance !== undefined)
    names.set(revocationTarget('instance', `${identity}/${instance}`), `the instance ${instance} is quarantined`)
  const stopped = await stoppedAmong(tx, [...names.keys()], now)
  return [...names].flatMap(([target, said]) => (stopped.has(target) ? [said] : []))
}

const problemOf = async (token: ForeignToken, text: string, tx: AnyTx): Promise<string | null> => {
  switch (token.state) {
    case 'malformed':
      return token.why === undefined
        ? 'it is no signed token with an issuer (iss)'
        : `it is no signed token with an issuer (iss); nor is it a request for AWS: ${token.why}`
    case 'untrusted':
      return `${token.why ?? 'no trust names its issuer'}; add one with \`reeve trust add\``
    case 'unreachable':
      return `its issuer cannot be asked for its keys: ${token.why}`
    case 'forged':
      return token.why
    case 'proven':
      return whyNoProof(token, readProof(text), tx)
  }
}

/** Why nobody gets a token for it, although its issuer signed it. */
const whyNoProof = async (token: Proven, proof: PlatformProof, tx: AnyTx): Promise<string | null> => {
  if ('header' in proof && !isProofType(proof, 'platform')) return OTHER_TYPE
  if (token.late !== undefined) return token.late
  const fitting = provenFor(token)
  const [first] = fitting
  if (first === undefined) return null
  if (fitting.some(({ identity }) => identity !== first.identity))
    return 'it fits the trusts of several identities, and is refused'
  const facts = foreignFacts(token.claims, first.terms.platform)
  if (facts === undefined) return 'its jti is malformed'
  const once = useOf(token, facts, proof)
  if (once === undefined || !(await wasUsed(tx, once))) return null
  return 'it was used already, and its trust takes each token once: get a new one from the platform'
}
