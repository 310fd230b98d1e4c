import { statementsOf } from './managed-policies.ts'
import { type Condition, isEverything, type Statement } from './policy.ts'
import type { Held } from './rights.ts'

/**
 * Whether whatever an identity may do is done from some networks only: a denial of everything from elsewhere, or such a
 * condition on each of its grants. Never said to be so where a grant is not known.
 */
export const isLimitedToNetworks = ({ policies, boundary }: Held): boolean => {
  const all = [...policies, ...(boundary ? [boundary] : [])]
  if (all.some((policy) => statementsOf(policy)?.some(deniesElsewhere))) return true
  const isWithin = (held: typeof policies): boolean => {
    const documents = held.map(statementsOf)
    const grants = documents.flatMap((statements) => (statements ?? []).filter(({ effect }) => effect === 'Allow'))
    return !documents.includes(undefined) && grants.length > 0 && grants.every(isFromNetworks)
  }
  return isWithin(policies) || (boundary !== undefined && isWithin([boundary]))
}

const deniesElsewhere = (statement: Statement): boolean =>
  statement.effect === 'Deny' &&
  statement.actions.some((action) => /^\*+$/.test(action)) &&
  isEverything(statement) &&
  statement.conditions.some((condition) => isNetworkBy(condition, NOT_FROM)) &&
  // All conditions must hold for the denial: another one beside would leave a way round it.
  statement.conditions.every((condition) => isNetworkBy(condition, NOT_FROM) || isOfCallsByAws(condition))

// AWS calls itself in the name of the caller, from addresses of its own.
const isOfCallsByAws = ({ operator, key, values }: Condition): boolean =>
  key === 'aws:viaawsservice' && /^Bool(?:IfExists)?$/.test(operator) && values.every((value) => value === 'false')

const isFromNetworks = ({ conditions }: Statement): boolean =>
  conditions.some((condition) => isNetworkBy(condition, FROM))

const isNetworkBy = ({ operator, key, values }: Condition, operators: Operators): boolean =>
  (operators[key]?.test(operator) ?? false) && values.length > 0 && !values.some(isEverywhere)

type Operators = Readonly<Record<string, RegExp>>
const NAMED = /^String(?:Equals(?:IgnoreCase)?|Like)$/
const NAMED_NOT = /^StringNot(?:Equals(?:IgnoreCase)?|Like)(?:IfExists)?$/
// An `IfExists` that allows is true where the key is missing; one that denies is as well, and denies.
const FROM: Operators = {
  'aws:sourceip': /^IpAddress$/,
  'aws:vpcsourceip': /^IpAddress$/,
  'aws:sourcevpc': NAMED,
  'aws:sourcevpce': NAMED,
}
const NOT_FROM: Operators = {
  'aws:sourceip': /^NotIpAddress(?:IfExists)?$/,
  'aws:sourcevpc': NAMED_NOT,
  'aws:sourcevpce': NAMED_NOT,
}

// Half of all addresses, or a quarter, are no network of somebody's.
const isEverywhere = (value: string): boolean => /^\*+$|\/[0-7]$/.test(value)
