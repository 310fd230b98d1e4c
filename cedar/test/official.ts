import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import type { ExactRequest } from '../src/index.ts'
import type { Written } from './policies.ts'

/** An answer in a form that two engines can be compared by. */
export interface Outcome {
  decision: string
  policies: string[]
  errors: string[]
}

/** What both say of a request that cannot be judged at all. */
export const UNJUDGED: Outcome = { decision: 'deny', policies: [], errors: [''] }

/** Asks the official engine about many requests on one set of policies. */
export const officialOn = (written: readonly Written[]): ((request: ExactRequest) => Outcome) => {
  const plain = written.filter((one) => one.values === undefined)
  const templates = written.filter((one) => one.values !== undefined)
  const parsed = cedar.preparsePolicySet('differential', {
    staticPolicies: Object.fromEntries(plain.map((one) => [one.id, one.text])),
    templates: Object.fromEntries(templates.map((one) => [`t-${one.id}`, one.text])),
    templateLinks: templates.map((one) => ({ templateId: `t-${one.id}`, newId: one.id, values: one.values ?? {} })),
  })
  if (parsed.type === 'failure')
    throw new Error(`${parsed.errors[0]?.message}: ${written.map((one) => one.text).join('\n')}`)
  return (request) => {
    const { principal, action, resource, context, entities } = exactly(request)
    const call = { principal, action, resource, context, entities, preparsedPolicySetId: 'differential' }
    const answer = cedar.statefulIsAuthorized(call)
    if (answer.type === 'failure') return UNJUDGED
    const { decision, diagnostics } = answer.response
    const errors = diagnostics.errors.map((error) => error.policyId).sort()
    return { decision, policies: diagnostics.reason.sort(), errors }
  }
}

/** Parses a policy or a template. */
export const parse = (text: string, isTemplate = false) => {
  const parsed = isTemplate ? cedar.templateToJson(text) : cedar.policyToJson(text)
  if (parsed.type === 'failure') throw new Error(`${parsed.errors[0]?.message}: ${text}`)
  return parsed.json
}

/** Whatever has bigints in it, with each written out in full when the engine's binding turns it into JSON. */
const exactly = (
  request: ExactRequest,
): Pick<cedar.AuthorizationCall, 'principal' | 'action' | 'resource' | 'context' | 'entities'> => rawNumbers(request)

const rawNumbers = (part: unknown): ReturnType<typeof JSON.parse> => {
  if (typeof part === 'bigint') return Reflect.get(JSON, 'rawJSON')(String(part))
  if (Array.isArray(part)) return part.map(rawNumbers)
  if (typeof part !== 'object' || part === null) return part
  return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, rawNumbers(inner)]))
}
