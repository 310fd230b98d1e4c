import type { LintedPolicy } from '@reeve/cedar'
import type { AnyDb } from '../../kit/database.ts'
import type { DirectoryReview, UnjudgedDirectory } from '../review-directory.ts'
import type { PolicyPorts } from '../room.ts'
import { accessLint, type LintView } from './access-lint.ts'

/** Identities, resources and teams that policies name and that no request is ever about. */
export const neverEqualLints = async (
  db: AnyDb,
  ports: PolicyPorts,
  given: Pick<UnjudgedDirectory, 'identities' | 'teams'>,
  { written, lints, resources }: Pick<DirectoryReview, 'written' | 'lints' | 'resources'>,
): Promise<readonly LintView[]> => {
  const declared = {
    Identity: namesIn(given.identities),
    Team: namesIn(given.teams),
    Resource: new Set(resources.map(({ value }) => value.name)),
  }
  const registered = {
    Identity: (name: string) => ports.identities.find(db, name),
    Team: (name: string) => ports.identities.findTeam(db, name),
    Resource: async (name: string) => ports.memory.resource(name),
  }
  const told: LintView[] = []
  const known = new Map<string, { readonly id: string } | undefined>()
  const find = async (type: Type, name: string) => {
    const key = `${type} ${name}`
    if (!known.has(key)) known.set(key, await registered[type](name))
    return known.get(key)
  }
  for (const policy of written) {
    const isDead = lints.some((one) => one.lint === 'never-matching' && one.policy === policy.id)
    for (const { type, id, isGroup } of namedIn(policy)) {
      const found = await find(type, id)
      const isThere = found !== undefined || declared[type].has(id)
      // What has no such name and is said to match nothing is told of already.
      if (found?.id === id || (isThere && isGroup && type !== 'Identity') || (!isThere && isDead)) continue
      const why = isThere ? byName(type, id, found?.id) : `there is no ${type.toLowerCase()} ${JSON.stringify(id)}`
      told.push(accessLint('never-equal', { name: policy.id, place: policy.place }, why))
    }
  }
  return told
}

/** The types of which everything is registered. */
const TYPES = ['Identity', 'Resource', 'Team'] as const
type Type = (typeof TYPES)[number]

const namesIn = (declared: readonly unknown[]): ReadonlySet<unknown> =>
  new Set(declared.map((value): unknown => Object(value).name))

const byName = (type: Type, name: string, id: string | undefined): string => {
  const uid = (of: string) => `Reeve::${type}::${JSON.stringify(of)}`
  const own = id === undefined ? [] : [uid(id)]
  const ways = {
    Identity: [...own, `principal.name == ${JSON.stringify(name)}`],
    Resource: [...own, `resource in ${uid(name)}`],
    Team: [...own, `in ${uid(name)}`],
  }[type]
  return `${uid(name)} names it by its name, and ids are compared: write ${ways.join(', or ')}`
}

interface NamedEntity {
  readonly type: Type
  readonly id: string
  /** It stands to the right of `in`: what has the name is in the group of that name. */
  readonly isGroup: boolean
}

/** What a policy names, each once. */
const namedIn = ({ est }: LintedPolicy): readonly NamedEntity[] => {
  const { principal, action: _, resource, conditions } = est
  const heads = [principal, resource].flatMap((head) => [
    ...('entity' in head ? entitiesIn(head.entity, head.op === 'in') : []),
    ...(head.op === 'is' && head.in !== undefined ? entitiesIn(head.in, true) : []),
  ])
  const all = [...heads, ...conditions.flatMap(({ body }) => entitiesIn(body, false))]
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()]
}

const entitiesIn = (value: unknown, isGroup: boolean): readonly NamedEntity[] => {
  if (typeof value !== 'object' || value === null) return []
  const { type, id } = Object(value)
  const known = TYPES.find((one) => type === `Reeve::${one}`)
  if (known !== undefined && typeof id === 'string') return [{ type: known, id, isGroup }]
  return Object.entries(value).flatMap(([operator, part]) =>
    operator === 'in' && typeof part === 'object' && part !== null && 'right' in part
      ? [...entitiesIn('left' in part ? part.left : undefined, false), ...entitiesIn(part.right, true)]
      : entitiesIn(part, isGroup && operator !== '=='),
  )
}
