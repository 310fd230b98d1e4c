import type { MatrixLine } from '../domain/bundle.ts'
import type { Grant } from '../domain/grant.ts'
import type { Base } from '../memory/base.ts'
import type { Uses } from './gather-uses.ts'

const NAMED_MAX = 10

/** What could not be seen of the use of grants, in sentences: whoever takes something away should know. */
export const notObserved = (
  uses: Uses,
  base: Base,
  looked: { readonly grants: readonly Grant[]; readonly lines: readonly MatrixLine[]; readonly from: Date },
): readonly string[] => {
  const { grants, lines, from } = looked
  const said: string[] = []
  const young = grants.filter(({ createdAt }) => createdAt > from)
  if (young.length > 0)
    said.push(
      `${namesOf(young.map(({ name }) => name))} ${young.length === 1 ? 'was' : 'were'} granted after ${from.toISOString()}: fewer days than asked for were seen`,
    )
  const silent = [...new Set(lines.map(({ resource }) => resource))].filter((id) => !uses.reported.has(id))
  if (silent.length > 0)
    said.push(
      `nobody reports uses of ${namesOf(silent.map((id) => base.resource(id)?.name ?? id))}: what is known is what tokens were asked for, not what was done with them`,
    )
  if (uses.unnamed > 0)
    said.push(
      `${times(uses.unnamed, 'request')} for tokens named no action: every action of their resource counts as used; ask with \`scope\` and this becomes exact`,
    )
  if (uses.whole > 0)
    said.push(
      `${times(uses.whole, 'use')} do not tell the action, or their request is no longer kept: every action of their resource counts as used`,
    )
  if (uses.lost > 0)
    said.push(`${times(uses.lost, 'recorded decision')} can no longer be read: who asked for what there is not known`)
  if (lines.some(({ resource }) => base.resource(resource) === undefined))
    said.push('lines on resources that are no longer registered are left as they are')
  said.push('what policies permit is not looked at: only grants are made tighter')
  return said
}

const times = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

const namesOf = (names: readonly string[]): string =>
  names.length <= NAMED_MAX
    ? names.join(', ')
    : `${names.slice(0, NAMED_MAX).join(', ')} and ${names.length - NAMED_MAX} more`
