import { compilePolicies, type Entity, type PolicyEst, type PolicySet } from '@reeve/cedar'
import { type CompactJWSHeaderParameters, compactVerify } from 'jose'
import { isJsonObject, type JsonObject } from '../strict-json.ts'
import type { KeySet } from '../verifier/key-set.ts'

/** A rulebook of the issuer that was verified, ready to decide by. */
export interface Rulebook {
  readonly revision: string
  readonly issuedAtSeconds: number
  readonly notAfterSeconds: number
  /** The team that owns the identity it was handed to. */
  readonly owner: string
  readonly isWhole: boolean
  readonly enforced: PolicySet
  /** With what is report-only; the same where nothing is. */
  readonly trial: PolicySet
  /** What policies say beside deciding, of those that do. */
  readonly annotations: ReadonlyMap<string, Readonly<Record<string, string>>>
  readonly subjects: ReadonlyMap<string, RulebookType>
  readonly resources: ReadonlyMap<string, RulebookType>
}

/** A type of the application's things. */
export interface RulebookType {
  readonly cedarType: string
  readonly stated: Readonly<Record<string, unknown>>
  readonly entities: ReadonlyMap<string, Entity>
  readonly actions: ReadonlyMap<string, RulebookAction>
}

/** What can be done to the things of a type. */
export interface RulebookAction {
  readonly isPrivileged: boolean
  readonly facts: Readonly<Record<string, unknown>>
  readonly groups: Entity[]
}

/** A rulebook that is not taken; what was held before stays. */
export class RulebookRefused extends Error {
  override readonly name = 'RulebookRefused'
}

/** The type of a rulebook's signature: no token and no other document of the issuer passes for one. */
export const rulebookType = 'reeve-rulebook+jwt'

/** Verifies a rulebook and reads it; nothing of it is decoded but its header before its signature was verified. */
export const openRulebook = async (
  text: string,
  expected: {
    readonly keySet: KeySet
    readonly issuer: string
    readonly identity: string
    readonly application: string
  },
): Promise<Rulebook> => {
  const keyOf = async ({ alg, kid, typ }: CompactJWSHeaderParameters): Promise<CryptoKey> => {
    if (typ !== rulebookType) throw new RulebookRefused('it is another type of document')
    const key = kid === undefined ? undefined : (expected.keySet.known(kid) ?? (await expected.keySet.resolve(kid)))
    if (key === undefined || key.alg !== alg) throw new RulebookRefused('it is signed with an unknown key')
    return key.key
  }
  const { payload } = await compactVerify(text, keyOf, { algorithms: ['ES256'] })
  const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  if (!isJsonObject(claims)) throw malformed()
  for (const [claim, value] of [
    ['iss', expected.issuer],
    ['aud', expected.identity],
    ['application', expected.application],
  ] as const)
    if (claims[claim] !== value) throw new RulebookRefused(`its ${claim} is another one`)
  return read(claims)
}

const malformed = (): RulebookRefused => new RulebookRefused('it is malformed')

const read = (claims: JsonObject): Rulebook => {
  const policies = listOf(claims.policies, isPolicy)
  const compiled = (all: readonly Policy[]): PolicySet => {
    const set = compilePolicies(all.map(({ id, est, isCritical }) => ({ id, est, isCritical })))
    if (!set.ok) throw malformed()
    return set.policies
  }
  const enforced = policies.filter(({ isOnTrial }) => !isOnTrial)
  const set = compiled(enforced)
  return {
    revision: textOf(claims.revision),
    issuedAtSeconds: numberOf(claims.iat),
    notAfterSeconds: numberOf(claims.exp),
    owner: textOf(claims.owner),
    isWhole: claims.isWhole === true,
    enforced: set,
    trial: enforced.length === policies.length ? set : compiled(policies),
    annotations: new Map(policies.flatMap(({ id, est }) => annotationsOf(id, est))),
    subjects: typesOf(claims.subjects),
    resources: typesOf(claims.resources),
  }
}

interface Policy {
  readonly id: string
  readonly est: PolicyEst
  readonly isCritical: boolean
  readonly isOnTrial: boolean
}

// What the compiler reads of a policy it checks itself.
const isPolicy = (value: unknown): value is Policy =>
  isJsonObject(value) &&
  typeof value.id === 'string' &&
  isJsonObject(value.est) &&
  typeof value.isCritical === 'boolean' &&
  typeof value.isOnTrial === 'boolean'

const annotationsOf = (id: string, { annotations }: PolicyEst): (readonly [string, Record<string, string>])[] => {
  const said = Object.entries(annotations ?? {}).map(([name, text]) => [name, text ?? ''] as const)
  return said.length === 0 ? [] : [[id, Object.fromEntries(said)]]
}

const typesOf = (value: unknown): Map<string, RulebookType> =>
  new Map(listOf(value, isJsonObject).map((type) => [textOf(type.type), typeOf(type)]))

const typeOf = ({ cedarType, stated, entities, actions = [] }: JsonObject): RulebookType => ({
  cedarType: textOf(cedarType),
  stated: objectOf(stated),
  entities: new Map(listOf(entities, isEntity).map((entity) => [entity.uid.id, entity])),
  actions: new Map(
    listOf(actions, isJsonObject).map(({ name, isPrivileged, facts, groups }) => [
      textOf(name),
      { isPrivileged: isPrivileged !== false, facts: objectOf(facts), groups: listOf(groups, isEntity) },
    ]),
  ),
})

// What the evaluator reads of an entity it checks itself: what it cannot read it denies.
const isEntity = (value: unknown): value is Entity =>
  isJsonObject(value) &&
  isJsonObject(value.uid) &&
  typeof value.uid.id === 'string' &&
  typeof value.uid.type === 'string' &&
  isJsonObject(value.attrs) &&
  Array.isArray(value.parents)

const listOf = <Part>(value: unknown, is: (part: unknown) => part is Part): Part[] => {
  if (!Array.isArray(value) || !value.every(is)) throw malformed()
  return value
}

const objectOf = (value: unknown): JsonObject => {
  if (!isJsonObject(value)) throw malformed()
  return value
}

const textOf = (value: unknown): string => {
  if (typeof value !== 'string') throw malformed()
  return value
}

const numberOf = (value: unknown): number => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw malformed()
  return value
}
