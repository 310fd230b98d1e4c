import type { Identity } from './identity.ts'

/** Words of one identity that a search finds it by, at most. */
const WORDS_MAX = 400
const WORD_LENGTH_MAX = 64
const WORD = /[\p{L}\p{N}]+/gu

/** Every term under which an identity is filed: what a list may be narrowed to without reading the identity. */
export const termsOf = (identity: Identity): readonly string[] => {
  const { classification: of, workflow } = identity
  const terms = new Set<string>([
    fieldTerm('state', identity.state),
    fieldTerm('kind', identity.kind),
    fieldTerm('environment', identity.environment),
    fieldTerm('tier', identity.tier),
    fieldTerm('owner', identity.ownerId),
    fieldTerm('lifecycle', identity.lifecycle),
    fieldTerm('boundary', of.boundary),
    fieldTerm('blastRadius', identity.effectiveBlastRadius),
    ...of.functions.map((each) => fieldTerm('function', each)),
    ...identity.authMethods.map((each) => fieldTerm('authMethod', each)),
    ...identity.upstream.map((each) => fieldTerm('upstream', each)),
    ...identity.downstream.map((each) => fieldTerm('downstream', each)),
    ...Object.entries(identity.tags).map(([key, value]) => tagTerm(key, value)),
  ])
  if (identity.parentId !== null) terms.add(fieldTerm('parent', identity.parentId))
  if (identity.createdBy !== null) terms.add(fieldTerm('createdBy', identity.createdBy))
  if (identity.approvedBy !== null) terms.add(fieldTerm('approvedBy', identity.approvedBy))
  if (identity.pipeline !== null) terms.add(fieldTerm('pipeline', identity.pipeline))
  if (workflow !== null) terms.add(fieldTerm('workflow', workflow.name))
  if (workflow?.repository != null) terms.add(fieldTerm('repository', workflow.repository))
  const procedure = identity.revocationProcedure
  terms.add(fieldTerm('revocationProcedure', procedure === null ? 'missing' : 'given'))
  const text = [identity.name, identity.purpose, ...Object.values(identity.tags), procedure ?? ''].join(' ')
  for (const word of wordsOf(text).slice(0, WORDS_MAX)) terms.add(wordTerm(word))
  return [...terms]
}

/** The fields that a list may be narrowed by. */
export const FIELDS = [
  'owner',
  'parent',
  'workflow',
  'repository',
  'createdBy',
  'approvedBy',
  'pipeline',
  'upstream',
  'downstream',
  'authMethod',
  'function',
  'kind',
  'tier',
  'state',
  'environment',
  'lifecycle',
  'boundary',
  'blastRadius',
  'revocationProcedure',
] as const
export type Field = (typeof FIELDS)[number]

/** The term of a field's value. */
export const fieldTerm = (field: Field, value: string): string => `${field}:${value}`

/** The term of a tag with its value. */
export const tagTerm = (key: string, value: string): string => `tag:${key}=${value}`

/** The term of a word. */
export const wordTerm = (word: string): string => `w:${word}`

/** The distinct words of a text, as they are filed. */
export const wordsOf = (text: string): readonly string[] => [
  ...new Set(
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(WORD)
      ?.map((word) => word.slice(0, WORD_LENGTH_MAX)) ?? [],
  ),
]
