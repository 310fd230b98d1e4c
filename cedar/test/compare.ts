import {
  compilePolicies,
  type ExactEntity,
  type ExactRequest,
  linkTemplate,
  type PolicySet,
  type PolicySource,
  prepareEntities,
  withExactNumbers,
} from '../src/index.ts'
import { entropy } from './entropy.ts'
import { writer } from './expressions.ts'
import { type Outcome, officialOn, parse, UNJUDGED } from './official.ts'
import { policies, type Written } from './policies.ts'
import { entities, request, schema } from './world.ts'

/** Counts what was compared, so that a run that met nothing is seen. */
export interface Tally {
  cases: number
  allow: number
  deny: number
  withErrors: number
  unjudged: number
}

export const emptyTally = (): Tally => ({ cases: 0, allow: 0, deny: 0, withErrors: 0, unjudged: 0 })

/** A set of policies and requests, made of numbers. */
export const scenario = (
  numbers: ArrayLike<number>,
  requestsEach: number,
): { written: Written[]; requests: ExactRequest[] } => {
  const of = entropy(numbers)
  const world = schema(of)
  const written = policies(of, writer(of, world))
  const everything = entities(of, world)
  const requests = Array.from({ length: requestsEach }, (_, at) =>
    request(of, world, at % 5 === 4 ? entities(of, world) : everything),
  )
  return { written, requests }
}

/** Compares our answers with the official engine's; throws an error that tells the first difference. */
export const compare = (written: readonly Written[], requests: readonly ExactRequest[], tally: Tally): void => {
  const official = officialOn(written)
  const sources = written.map(sourceOf)
  const ours = compiled(sources)
  const grown = grownSet(sources)
  for (const one of requests) {
    const expected = official(one)
    count(tally, expected)
    same(expected, outcome(ours, one), written, one, 'entities of the request')
    same(expected, prepared(grown, one), written, one, 'prepared entities, set grown step by step')
  }
}

const sourceOf = ({ id, text, values }: Written): PolicySource => {
  if (!values) return { id, est: withExactNumbers(text, parse) }
  const linked = linkTemplate(
    withExactNumbers(text, (one) => parse(one, true)),
    values,
  )
  if (!linked.ok) throw new Error(linked.problem)
  return { id, est: linked.est }
}

const compiled = (sources: readonly PolicySource[]): PolicySet => {
  const made = compilePolicies(sources)
  if (!made.ok) throw new Error(made.problems.map((problem) => problem.message).join())
  return made.policies
}

/** The same set, made by adding in two steps and by removing and replacing what must leave no trace. */
const grownSet = (sources: readonly PolicySource[]): PolicySet => {
  const [first] = sources
  if (!first) return compiled(sources)
  const half = sources.length >> 1
  const stray = sources.map((source) => ({ ...source, id: `stray-${source.id}` }))
  const begun = compiled([...sources.slice(half).map((source) => ({ ...source, est: first.est })), ...stray])
  const grown = begun.with({ add: sources.slice(half), remove: stray.map((source) => source.id) })
  const whole = grown.ok ? grown.policies.with({ add: sources.slice(0, half) }) : grown
  if (!whole.ok) throw new Error('the set cannot grow')
  return whole.policies
}

/** Asks with some of the entities prepared in two steps and the others in the request. */
const prepared = (set: PolicySet, one: ExactRequest): Outcome => {
  const { entities: all } = one
  const isSeparable = new Set(all.map(({ uid }) => `${uid.type} ${uid.id}`)).size === all.length
  const own = isSeparable ? Math.ceil(all.length / 3) : 0
  const kept = all.slice(own)
  const changed = kept.map(
    (entity): ExactEntity => ({
      ...entity,
      attrs: { a: 'old' },
      parents: kept
        .slice(0, 1)
        .flatMap(({ uid }) =>
          uid.type === 'User' && entity.uid.type !== 'User' && entity.uid.type !== 'Action' ? [uid] : [],
        ),
    }),
  )
  const before = prepareEntities(changed)
  const store = before.ok ? before.store.with({ add: kept }) : prepareEntities(kept)
  if (!store.ok) return UNJUDGED
  return outcome(set, { ...one, entities: all.slice(0, own) }, store.store)
}

const outcome = (set: PolicySet, ...asked: Parameters<PolicySet['decide']>): Outcome => {
  const { decision, policies: decided, errors } = set.decide(...asked)
  return { decision, policies: decided.sort(), errors: errors.map((error) => error.policy).sort() }
}

const count = (tally: Tally, { decision, errors }: Outcome): void => {
  tally.cases++
  if (decision === 'allow') tally.allow++
  else tally.deny++
  if (errors.length > 0) tally.withErrors++
  if (errors[0] === '') tally.unjudged++
}

const same = (expected: Outcome, got: Outcome, written: readonly Written[], one: ExactRequest, how: string): void => {
  if (JSON.stringify(expected) === JSON.stringify(got)) return
  const involved = new Set([...expected.policies, ...expected.errors, ...got.policies, ...got.errors])
  const texts = written
    .filter((policy) => involved.has(policy.id))
    .map((policy) => `${policy.id}: ${policy.text} ${JSON.stringify(policy.values ?? {})}`)
  throw new Error(
    [`${how}: officially ${JSON.stringify(expected)}, ours ${JSON.stringify(got)}`, ...texts, printed(one)].join('\n'),
  )
}

const printed = (one: ExactRequest): string =>
  JSON.stringify(one, (_, part) => (typeof part === 'bigint' ? `${part}n` : part))
