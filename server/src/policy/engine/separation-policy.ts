import { hash } from 'node:crypto'
import type { EntityConstraint, EntityUid, EstClause, EstExpression, PolicyEst } from '@reeve/cedar'
import {
  anyOf,
  cedarString,
  contains,
  contextField,
  type Expression,
  entityText,
  extension,
  has,
  isOfType,
  joined,
  ofPrincipal,
  ofResource,
  stringSet,
} from './expression.ts'
import { hasFreeEntity } from './free-entity.ts'
import { callOfficial } from './official.ts'
import type { PolicyOrigin, SourcePolicy } from './source-policy.ts'

/** What separates reading from writing: of whom, until when, from which boundaries, to what. */
export interface SeparationTerms {
  readonly id: string
  readonly identity: string
  readonly expiresAt: Date
  readonly boundaries: readonly string[]
  readonly sensitivities: readonly string[]
  /** Types of applications' own things that are open as well. */
  readonly openTypes: readonly string[]
}

/**
 * The forbid that a grant to read what is sensitive brings with it: an identity from outside writes nothing where others
 * read, until the grant is over. What the identity is and which exception it has stand in the request, so that a
 * decision is replayed as it was made.
 */
export const separationPolicy = (terms: SeparationTerms): SourcePolicy => {
  const principal: EntityUid = { type: 'Reeve::Identity', id: terms.identity }
  const isLive = joined('<', contextField('now'), extension('datetime', terms.expiresAt.toISOString()))
  const conditions: Condition[] = [['when', isLive], ...separating(terms)]
  const text = [
    // Never report-only, as every guardrail.
    `@id(${cedarString(terms.id)})`,
    '@guardrail("read-write-separation")',
    'forbid (',
    `  principal == ${entityText(principal)},`,
    `  action in [${WRITING.map(entityText).join(', ')}],`,
    '  resource',
    `)${conditions.map(([kind, { text: body }]) => `\n${kind} { ${body} }`).join('')};`,
  ].join('\n')
  const compiled: PolicyEst = {
    effect: 'forbid',
    principal: { op: '==', entity: principal },
    action: { op: 'in', entities: WRITING },
    resource: { op: 'All' },
    conditions: conditions.map(clause),
    annotations: { id: terms.id, guardrail: 'read-write-separation' },
  }
  return { id: terms.id, text, origin: {}, kind: 'grant', compiled }
}

type Condition = [kind: 'when' | 'unless', Expression]
type Separating = Pick<SeparationTerms, 'boundaries' | 'sensitivities' | 'openTypes'>

const WRITING = ['access:write', 'access:admin'].map((id): EntityUid => ({ type: 'Reeve::Action', id }))

const clause = ([kind, { est }]: Condition): EstClause => ({ kind, body: est })

const separating = ({ boundaries, sensitivities, openTypes }: Separating): Condition[] => {
  const boundary = joined('&&', has('principal', 'boundary'), contains(stringSet(boundaries), ofPrincipal('boundary')))
  const open = joined(
    '&&',
    joined('&&', isOfType('resource', 'Reeve::Resource'), has('resource', 'sensitivity')),
    contains(stringSet(sensitivities), ofResource('sensitivity')),
  )
  const isExcepted = joined(
    '&&',
    has('principal', EXCEPTED_UNTIL),
    joined('<', contextField('now'), ofPrincipal(EXCEPTED_UNTIL)),
  )
  return [
    ['when', boundary],
    ['when', anyOf(open, ...openTypes.map((type) => isOfType('resource', type)))],
    ['unless', isExcepted],
  ]
}

/**
 * The same forbid, as a permit of what is sensitive brings it with it: for whom the permit is. Of its conditions those on
 * the principal alone are the forbid's as well; of the others nobody knows before a request whether they hold.
 */
export const separationOfPermit = (
  permit: { readonly id: string; readonly est: PolicyEst; readonly origin: PolicyOrigin },
  terms: Separating,
): SourcePolicy => {
  const { id, est, origin } = permit
  const ofPermit = est.conditions.flatMap(onPrincipal)
  const written = textOf(est, terms, ofPermit) ?? textOf(est, terms, [])
  if (written === undefined) throw new Error(`the separation of ${id} cannot be written`)
  // An error in it refuses: the permit it comes from would err as well, and permit nothing.
  return { id: separationId(id), text: written, origin, kind: 'builtin', isCritical: true }
}

/** What the ids of these forbids begin with. */
export const PERMITTED = 'reeve:read-write-separation/'

/** The id of the forbid that the permit of this id brings with it. */
export const separationId = (permitId: string): string =>
  `${PERMITTED}${permitId.length > ID_CHARS_MAX ? hash('sha256', permitId, 'base64url') : permitId}`

const ID_CHARS_MAX = 150

const textOf = (est: PolicyEst, terms: Separating, ofPermit: readonly EstClause[]): string | undefined => {
  const forbid: PolicyEst = {
    effect: 'forbid',
    principal: asIdentity(est.principal),
    action: { op: 'in', entities: WRITING },
    resource: { op: 'All' },
    conditions: [...separating(terms).map(clause), ...ofPermit],
    annotations: { guardrail: 'read-write-separation' },
  }
  // The official engine writes what it reads: our EST is its own JSON form, but for numbers that JSON cannot say.
  const called = callOfficial((cedar) => cedar.policyToText(JSON.parse(JSON.stringify(forbid))))
  return called.ok && called.result.type === 'success' ? called.result.text : undefined
}

const asIdentity = (head: EntityConstraint): EntityConstraint => {
  if (head.op === '==' || head.op === 'is') return head
  const every = { op: 'is', entity_type: 'Reeve::Identity' } as const
  return head.op === 'in' && 'entity' in head ? { ...every, in: { entity: head.entity } } : every
}

const onPrincipal = ({ kind, body }: EstClause): readonly EstClause[] =>
  (kind === 'when' ? conjuncts(body) : [body]).filter(isOnPrincipal).map((one) => ({ kind, body: one }))

const conjuncts = (body: EstExpression): readonly EstExpression[] => {
  const { '&&': and } = body
  const { left, right } = Object(and)
  return and === undefined ? [body] : [...conjuncts(left), ...conjuncts(right)]
}

const isOnPrincipal = (expression: EstExpression): boolean => {
  const named = variablesIn(expression)
  return named.length > 0 && named.every((name) => name === 'principal') && !hasFreeEntity(expression)
}

const variablesIn = (value: unknown): readonly unknown[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([key, inner]) => (key === 'Var' ? [inner] : variablesIn(inner)))

/** The attribute of an identity that has an exception: until when. */
export const EXCEPTED_UNTIL = 'mayReadAndWriteUntil'
