/** What a field of an authorization detail holds, and what it may be. */
export interface DetailField {
  readonly kind: 'text' | 'number' | 'flag' | 'texts'
  readonly isRequired: boolean
  /** Of texts: the only ones there are. */
  readonly oneOf?: readonly string[] | undefined
  /** Of a number: the least and the most. */
  readonly min?: number | undefined
  readonly max?: number | undefined
}

/** A type of authorization details (RFC 9396 §2) that a resource takes: its own fields, beside those that every type has. */
export interface DetailType {
  readonly type: string
  readonly fields: Readonly<Record<string, DetailField>>
}

/** The kinds of facts that policies read of a detail, as `context.request.NAME`. */
type DetailFact = 'string' | 'long' | 'boolean' | 'strings'

const FACT_OF = { text: 'string', number: 'long', flag: 'boolean', texts: 'strings' } as const satisfies Readonly<
  Record<DetailField['kind'], DetailFact>
>

/** RFC 9396 §2.2: what every detail may say, besides the actions that it asks for. */
const COMMON_FACTS = {
  type: 'string',
  identifier: 'string',
  locations: 'strings',
  datatypes: 'strings',
  privileges: 'strings',
} as const satisfies Readonly<Record<string, DetailFact>>

/** A field that would stand where every detail says something else, if there is one. */
export const takenField = (types: readonly DetailType[]): string | undefined =>
  types
    .flatMap(({ fields }) => Object.keys(fields))
    .find((name) => name === 'actions' || Object.hasOwn(COMMON_FACTS, name))

/** What of details policies may look at; of one name only one kind, or the first: `factClash` says so. */
export const detailFacts = (types: readonly DetailType[]): Readonly<Record<string, DetailFact>> => {
  const facts: Record<string, DetailFact> = types.length === 0 ? {} : { ...COMMON_FACTS }
  for (const { fields } of types)
    for (const [name, { kind }] of Object.entries(fields)) if (!Object.hasOwn(facts, name)) facts[name] = FACT_OF[kind]
  return facts
}

/** Why a field of one name may not be of the kind that it is, if it may not: policies read it without the resource's name. */
export const factClash = (
  resources: readonly { readonly name: string; readonly detailTypes: readonly DetailType[] }[],
): string | undefined => {
  const known = new Map<string, { readonly kind: string; readonly on: string }>()
  for (const { name: on, detailTypes } of resources)
    for (const { fields } of detailTypes)
      for (const [field, { kind }] of Object.entries(fields)) {
        const other = known.get(field)
        if (other !== undefined && other.kind !== kind)
          return `${field} is a ${kind} in details of ${on} and a ${other.kind} in those of ${other.on}; name one of them otherwise`
        known.set(field, { kind, on })
      }
  return undefined
}
