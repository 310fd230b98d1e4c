import { type CedarRecord, type Entity, obligationsOf, type Request } from '@reeve/cedar'
import type { Authorization, Question, Thing } from './question.ts'
import type { Rulebook, RulebookType } from './rulebook.ts'

/**
 * Decides by the rulebook as the issuer would; undefined: only the issuer can tell.
 * INVARIANT: what is not in the rulebook, or is stated in a form that the issuer would have to judge, is asked there.
 */
export const decideByRulebook = (book: Rulebook, question: Question, nowMs: number): Authorization | undefined => {
  if (!book.isWhole) return undefined
  const subjects = book.subjects.get(question.subject.type)
  const resources = book.resources.get(question.resource.type)
  const action = resources?.actions.get(question.action.name)
  if (subjects === undefined || resources === undefined || action === undefined) return undefined
  const principal = entityOf(subjects, question.subject)
  const resource = entityOf(resources, question.resource)
  const facts = factsOf(action.facts, question)
  if (principal === undefined || resource === undefined || facts === undefined) return undefined
  const request: Request = {
    principal: principal.uid,
    action: { type: `${resources.cedarType.split('::')[0]}::Action`, id: question.action.name },
    resource: resource.uid,
    context: { ...facts, ...momentOf(nowMs) },
    entities: [principal, resource, ...action.groups],
  }
  const real = book.enforced.decide(request)
  const full = book.trial === book.enforced ? real : book.trial.decide(request)
  // A permit on trial gives nothing yet, and what is privileged is not let in to see what would happen.
  const wouldAllow = real.decision === 'allow' && full.decision === 'allow'
  const isAllowed = action.isPrivileged ? wouldAllow : real.decision === 'allow'
  const shown = wouldAllow || real.decision === 'deny' ? real : full
  const policies = [...shown.policies].sort()
  return {
    isAllowed,
    by: 'rulebook',
    code: null,
    decisionId: null,
    policies,
    isReportOnly: isAllowed && !wouldAllow,
    obligations: policies.flatMap((policy) => {
      const said = book.annotations.get(policy)
      return said === undefined ? [] : obligationsOf(policy, said, isAllowed)
    }),
  }
}

/** The registered thing, with what is stated of it where the register says nothing. */
const entityOf = ({ entities, stated }: RulebookType, { id, properties = {} }: Thing): Entity | undefined => {
  const registered = entities.get(id)
  if (registered === undefined) return undefined
  const attrs: CedarRecord = { ...registered.attrs }
  for (const [name, type] of Object.entries(stated)) {
    if (!Object.hasOwn(properties, name) || Object.hasOwn(attrs, name)) continue
    const value = plainValue(properties[name], type)
    if (value === undefined) return undefined
    attrs[name] = value
  }
  return { ...registered, attrs }
}

/** The facts that the action lets callers state, from one place only. */
const factsOf = (facts: Readonly<Record<string, unknown>>, { action, context }: Question): CedarRecord | undefined => {
  const found: CedarRecord = {}
  for (const [name, type] of Object.entries(facts)) {
    const places = [action.properties ?? {}, context ?? {}].filter((stated) => Object.hasOwn(stated, name))
    if (places.length === 0) continue
    const value = places.length === 1 ? plainValue(places[0]?.[name], type) : undefined
    if (value === undefined) return undefined
    found[name] = value
  }
  return Object.keys(found).length === 0 ? {} : { request: found }
}

// A text may be a secret, an address or a moment, which the issuer has rules for.
const plainValue = (value: unknown, type: unknown): boolean | number | undefined => {
  if (type === 'boolean' && typeof value === 'boolean') return value
  return type === 'long' && typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
}

const momentOf = (nowMs: number): CedarRecord => {
  const now = new Date(nowMs)
  return {
    now: { __extn: { fn: 'datetime', arg: now.toISOString() } },
    weekday: weekdays[now.getUTCDay()] ?? 'sunday',
  }
}

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
