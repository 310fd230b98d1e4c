import type { Identity } from '../../../server/src/inventory/domain/identity.ts'
import type { Sort } from '../../../server/src/inventory/domain/search.ts'
import { fieldTerm, tagTerm, termsOf, wordTerm } from '../../../server/src/inventory/domain/terms.ts'
import { NOW, type Register } from './register.ts'

/** One way to ask for a list, and what a look at every identity would answer. */
export interface Question {
  readonly label: string
  readonly input: Readonly<Record<string, unknown>>
  holds(identity: Identity, terms: ReadonlySet<string>): boolean
  readonly sort: Sort
}

const DAY_MS = 86_400_000
const daysAgo = (days: number): number => NOW.getTime() - days * DAY_MS
const usedAt = (identity: Identity): number => identity.lastUsedAt?.getTime() ?? 0
const PIPELINE = 'git.example.com/orders/7/deploy.yml#release'
const monthAgo = new Date(daysAgo(30))
const soon = new Date(NOW.getTime() + 5 * DAY_MS)

/** What a register is asked: by tag, owner, last use and text, alone and together, the common, the rare and the absent. */
export const questionsOf = (register: Register): readonly Question[] => {
  const [crowd, small] = [register.teams[0], register.teams[42]]
  if (crowd === undefined || small === undefined) throw new RangeError('the register has too few teams')
  const byTerms = (label: string, input: Question['input'], terms: readonly string[]): Question => ({
    label,
    input,
    holds: (_, has) => terms.every((term) => has.has(term)),
    sort: 'name',
  })
  const words = (text: string) => text.split(' ').map(wordTerm)
  return [
    byTerms('everything', {}, []),
    byTerms('tag, common', { tags: { region: 'eu' } }, [tagTerm('region', 'eu')]),
    byTerms('tag, rare', { tags: { ticket: 'OPS-77' } }, [tagTerm('ticket', 'OPS-77')]),
    byTerms('tag and tag', { tags: { region: 'us', application: 'orders-7' } }, [
      tagTerm('region', 'us'),
      tagTerm('application', 'orders-7'),
    ]),
    byTerms('tag and kind that never meet', { tags: { region: 'eu' }, kind: 'device' }, [
      tagTerm('region', 'eu'),
      fieldTerm('kind', 'device'),
    ]),
    byTerms('owner of a tenth', { owner: crowd.name }, [fieldTerm('owner', crowd.id)]),
    byTerms('owner', { owner: small.name }, [fieldTerm('owner', small.id)]),
    byTerms('owner, environment, tier', { owner: small.name, environment: 'production', tier: 'high' }, [
      fieldTerm('owner', small.id),
      fieldTerm('environment', 'production'),
      fieldTerm('tier', 'high'),
    ]),
    byTerms('state, rare', { state: 'quarantined' }, [fieldTerm('state', 'quarantined')]),
    byTerms('no revocation procedure', { revocationProcedure: 'missing' }, [
      fieldTerm('revocationProcedure', 'missing'),
    ]),
    byTerms('pipeline', { pipeline: PIPELINE }, [fieldTerm('pipeline', PIPELINE)]),
    byTerms('contact', { contact: small.businessContact }, [fieldTerm('owner', small.id)]),
    byTerms('text, one common word', { text: 'warehouse' }, words('warehouse')),
    byTerms('text, two common words', { text: 'rotates billing' }, words('rotates billing')),
    byTerms('text, words that never meet', { text: 'rotates customers' }, words('rotates customers')),
    {
      label: 'text, beginning of a name',
      input: { text: 'fraud-scan' },
      holds: (identity, has) =>
        identity.name.startsWith('fraud-scan') || words('fraud scan').every((word) => has.has(word)),
      sort: 'name',
    },
    {
      label: 'unused for 90 days',
      input: { unusedSinceDays: 90 },
      holds: (identity) => usedAt(identity) < daysAgo(90),
      sort: 'lastUsedAt',
    },
    {
      label: 'unused for 199 days, by name',
      input: { unusedSinceDays: 199, sort: 'name' },
      holds: (identity) => usedAt(identity) < daysAgo(199),
      sort: 'name',
    },
    {
      label: 'unused for 90 days, owner',
      input: { unusedSinceDays: 90, owner: small.name },
      holds: (identity) => usedAt(identity) < daysAgo(90) && identity.ownerId === small.id,
      sort: 'lastUsedAt',
    },
    {
      label: 'unused for 90 days, owner of a tenth',
      input: { unusedSinceDays: 90, owner: crowd.name },
      holds: (identity) => usedAt(identity) < daysAgo(90) && identity.ownerId === crowd.id,
      sort: 'lastUsedAt',
    },
    {
      label: 'by last use, tag',
      input: { sort: 'lastUsedAt', tags: { region: 'asia' } },
      holds: (identity) => identity.tags.region === 'asia',
      sort: 'lastUsedAt',
    },
    {
      label: 'expires within 5 days',
      input: { expiresBefore: soon.toISOString() },
      holds: (identity) => identity.expires.at < soon,
      sort: 'expiresAt',
    },
    {
      label: 'created in the last 30 days',
      input: { createdAfter: monthAgo.toISOString() },
      holds: (identity) => identity.createdAt >= monthAgo,
      sort: 'createdAt',
    },
    {
      label: 'created in the last 30 days, owner',
      input: { createdAfter: monthAgo.toISOString(), owner: small.name },
      holds: (identity) => identity.createdAt >= monthAgo && identity.ownerId === small.id,
      sort: 'createdAt',
    },
  ]
}

/** One identity's place in the order of a question. */
export interface Matched {
  readonly key: number
  readonly index: number
}

const keyOf = (identity: Identity, sort: Question['sort']): number => {
  if (sort === 'name') return 0
  if (sort === 'lastUsedAt') return usedAt(identity)
  if (sort === 'createdAt') return identity.createdAt.getTime()
  return (sort === 'expiresAt' ? identity.expires.at : identity.review.at).getTime()
}

/** Looks at every identity once, and answers every question by that. */
export const createLook = (questions: readonly Question[]) => {
  const found = questions.map((): Matched[] => [])
  return {
    at: (identity: Identity, index: number): readonly string[] => {
      const terms = termsOf(identity)
      const has = new Set(terms)
      for (const [q, question] of questions.entries())
        if (question.holds(identity, has)) found[q]?.push({ key: keyOf(identity, question.sort), index })
      return terms
    },
    /** What each question finds, in its order; the index is the order of the names. */
    answers: (): readonly (readonly Matched[])[] => {
      for (const each of found) each.sort((one, other) => one.key - other.key || one.index - other.index)
      return found
    },
  }
}
