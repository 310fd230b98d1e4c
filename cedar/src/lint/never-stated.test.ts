import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Pick, picker } from '../../test/lint/corpus.ts'
import { parse } from '../../test/official.ts'
import { compilePolicies, type EntityUid, type Request } from '../index.ts'
import type { KnownAction, LintGround } from './ground.ts'
import { LINTS, lintPolicies } from './lints.ts'

const EVERYWHERE = ['now', 'ip']
/** Where a request comes in, and what is stated there. */
const PAIRS = [
  {
    action: 'orders.read',
    group: 'read',
    type: 'Identity',
    facts: [...EVERYWHERE, 'kind', 'stage', 'requested', 'requested.scope'],
  },
  {
    action: 'orders.write',
    group: 'write',
    type: 'Identity',
    facts: [...EVERYWHERE, 'kind', 'stage', 'requested', 'requested.scope'],
  },
  { action: 'identity.show', group: 'read', type: 'Identity', facts: [...EVERYWHERE, 'stage', 'party'] },
  { action: 'identity.show', group: 'read', type: 'Person', facts: [...EVERYWHERE, 'party'] },
  { action: 'identity.create', group: 'write', type: 'Identity', facts: [...EVERYWHERE, 'stage'] },
  { action: 'identity.create', group: 'write', type: 'Person', facts: EVERYWHERE },
  { action: 'records.read', group: 'read', type: 'User', facts: ['now', 'request', 'request.soft'] },
] as const
type Pair = (typeof PAIRS)[number]

const uid = (type: string, id: string): EntityUid => ({ type, id })
const ground: LintGround = {
  actions: [...Map.groupBy(PAIRS, ({ action }) => action)].map(
    ([action, pairs]): KnownAction => ({
      uid: uid('Action', action),
      groups: pairs.slice(0, 1).map(({ group }) => uid('Action', `access:${group}`)),
      stated: new Map(pairs.map(({ type, facts }) => [type, new Set<string>(facts)])),
    }),
  ),
  known: new Map(),
  always: new Map([['attested', '"none"']]),
}

/** Something that a policy may ask of the context, and the fact by which it stands or falls. */
const FACTS = [
  { fact: 'ip', holds: 'context has ip && context.ip == "a"' },
  { fact: 'kind', holds: 'context has kind && ["a", "b"].contains(context.kind)' },
  { fact: 'stage', holds: 'context has stage && context.stage like "a*"' },
  { fact: 'party', holds: 'context has party && context.party == "a"' },
  { fact: 'session', holds: 'context has session && context.session == "a"' },
  { fact: 'attested', holds: 'context has attested && context.attested == "a"' },
  {
    fact: 'requested.scope',
    holds: 'context has requested && context.requested has scope && context.requested.scope == "a"',
  },
  { fact: 'request.soft', holds: 'context has request && context.request has soft && context.request.soft == "a"' },
] as const
type Asked = (typeof FACTS)[number]

/** Some of the pairs, in words that a head or a condition may say. */
interface Choice {
  readonly text: string
  is(pair: Pair): boolean
}
const ACTIONS: readonly Choice[] = [...new Set(PAIRS.map(({ action }) => action))].map((name) => ({
  text: `action == Action::"${name}"`,
  is: ({ action }) => action === name,
}))
const GROUPS: readonly Choice[] = ['read', 'write'].map((name) => ({
  text: `action in Action::"access:${name}"`,
  is: ({ group }) => group === name,
}))
const LISTS: readonly Choice[] = [
  {
    text: 'action in [Action::"orders.read", Action::"identity.show"]',
    is: ({ action }) => action === 'orders.read' || action === 'identity.show',
  },
]
const ANY_ACTION: Choice = { text: 'action', is: () => true }
const TYPES: readonly Choice[] = ['Identity', 'Person'].map((name) => ({
  text: `principal is ${name}`,
  is: ({ type }) => type === name,
}))
const NAMED: readonly Choice[] = [{ text: 'principal == Person::"a"', is: ({ type }) => type === 'Person' }]
const ANYBODY: Choice = { text: 'principal', is: () => true }
const TRUE: Choice = { text: 'true', is: () => true }

/** One way in which a made policy matches: what it asks of the action and the principal, and of the context. */
interface Way {
  readonly of: readonly Choice[]
  readonly facts: readonly { readonly asked: Asked; readonly isWanted: boolean }[]
}

const wayBy = (pick: Pick): Way => {
  const asked = [pick(FACTS), pick(FACTS)].slice(0, pick([0, 1, 1, 1, 2]))
  return {
    of: [pick([TRUE, TRUE, TRUE, ...ACTIONS, ...GROUPS, ...LISTS]), pick([TRUE, TRUE, ...TYPES])],
    facts: [...new Set(asked)].map((one) => ({ asked: one, isWanted: pick([true, true, true, false]) })),
  }
}

const wordsOf = (pick: Pick, { of, facts }: Way): string => {
  const said = facts.map(({ asked: { holds }, isWanted }) => {
    const plain = pick([`(${holds})`, `(if ${holds} then true else false)`, `!(!(${holds}))`])
    return isWanted ? plain : `!${plain.startsWith('!') ? `(${plain})` : plain}`
  })
  return [...of.map(({ text }) => text), ...said].join(' && ')
}

const made = (seed: number) => {
  const pick = picker(seed)
  const head = [
    pick([ANYBODY, ANYBODY, ...TYPES, ...NAMED]),
    pick([ANY_ACTION, ...ACTIONS, ...GROUPS, ...LISTS]),
  ] as const
  const ways = Array.from({ length: pick([1, 1, 1, 2, 3]) }, () => wayBy(pick))
  const words = ways.map((way) => `(${wordsOf(pick, way)})`).join(' || ')
  const clause = pick([`when { ${words} }`, `unless { !(${words}) }`])
  const text = `${pick(['permit', 'forbid'])} (${head[0].text}, ${head[1].text}, resource)\n${clause};`
  return { head, ways, text }
}

const isStated = ({ facts }: Pair, fact: string): boolean => facts.some((one) => one === fact)
const pairsOf = (head: readonly Choice[], way: Way) =>
  PAIRS.filter((pair) => [...head, ...way.of].every((one) => one.is(pair)))

/** The facts that one way asks for and that nothing it may match states, by how it was made. */
const wrongOf = (head: readonly Choice[], way: Way): readonly string[] => {
  const pairs = pairsOf(head, way)
  if (pairs.length === 0) return []
  return way.facts.flatMap(({ asked: { fact } }) => (pairs.some((pair) => isStated(pair, fact)) ? [] : [fact]))
}

const toldOf = (text: string, known = ground) =>
  lintPolicies([{ id: 'p', est: parse(text), place: null }], known).lints.filter(({ lint }) => lint === 'never-stated')

const SETS = 600

test('never-stated tells of at least 99 in 100 of what looks at a fact that is not stated, and at least 99 in 100 of what it tells of does', () => {
  const count = { right: 0, missed: 0, wrongly: 0, silent: 0 }
  const odd: string[] = []
  const different = new Set<string>()
  for (let seed = 1; seed <= SETS; seed++) {
    const { head, ways, text } = made(seed)
    const wrong = ways.flatMap((way) => wrongOf(head, way))
    const [told] = toldOf(text)
    different.add(text)
    count[wrong.length > 0 ? (told ? 'right' : 'missed') : told ? 'wrongly' : 'silent']++
    const isRightFact =
      told === undefined || wrong.some((fact) => told.message.startsWith(`context.${fact.split('.')[0]}`))
    if (wrong.length > 0 !== (told !== undefined) || !isRightFact)
      odd.push(`${wrong.join()} | ${told?.message} | ${text}`)
  }
  const precision = count.right / (count.right + count.wrongly)
  const recall = count.right / (count.right + count.missed)
  console.log(
    `lint never-stated: ${different.size} different sets, ${count.right + count.missed} wrong; precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`,
  )
  assert.ok(different.size >= 200 && count.right >= 100 && count.silent >= 100, JSON.stringify(count))
  assert.ok(precision >= 0.99 && recall >= 0.99, odd.slice(0, 5).join('\n\n'))
})

/** Every request of a pair, with each of the facts at each of two values or not there. */
const requestsOf = ({ action, type }: Pair, facts: readonly string[]): readonly Request[] => {
  const tops = [...new Set(facts.map((fact) => fact.split('.')[0] ?? ''))].filter((fact) => fact !== 'now')
  const contexts = tops.reduce<Request['context'][]>(
    (all, fact) =>
      all.flatMap((context) => {
        const inner = facts.find((one) => one.startsWith(`${fact}.`))?.split('.')[1]
        const valued = (value: string) => ({ ...context, [fact]: inner === undefined ? value : { [inner]: value } })
        return [context, valued('a'), valued('x')]
      }),
    [{}],
  )
  return contexts.map((context) => ({
    principal: uid(type, 'a'),
    action: uid('Action', action),
    resource: uid('R', 'r'),
    context,
    entities: groupsOf(action),
  }))
}

const groupsOf = (action: string) => {
  const group = PAIRS.find((one) => one.action === action)?.group
  return [{ uid: uid('Action', action), attrs: {}, parents: [uid('Action', `access:${group}`)] }]
}

const matchesSome = (text: string, requests: readonly Request[]): boolean => {
  const compiled = compilePolicies([{ id: 'one', est: parse(text.replace(/^forbid/, 'permit')) }])
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  return requests.some((request) => compiled.policies.decide(request).decision === 'allow')
}

test('the labels hold: by the evaluator, asked with what is stated and with everything', () => {
  const everything = FACTS.map(({ fact }) => fact)
  for (let seed = 1; seed <= 60; seed++) {
    const { head, ways } = made(seed)
    for (const way of ways) {
      const pairs = pairsOf(head, way)
      const text = `permit (${head[0].text}, ${head[1].text}, resource) when { ${wordsOf(picker(seed), way)} };`
      const wanted = way.facts.filter(({ isWanted }) => isWanted).map(({ asked }) => asked.fact)
      const isDead = wrongOf(head, way).some((fact) => wanted.some((one) => one === fact))
      const stated = pairs.flatMap((pair) => requestsOf(pair, pair.facts))
      assert.equal(matchesSome(text, stated), pairs.length > 0 && !isDead, text)
      if (isDead)
        assert.ok(
          matchesSome(
            text,
            pairs.flatMap((pair) => requestsOf(pair, everything)),
          ),
          text,
        )
    }
  }
})

test('what is always the same is told with what it is, and where it is not said what is stated nothing is told', () => {
  const text =
    'permit (principal, action == Action::"orders.read", resource) when { context has attested && context.attested == "tpm" };'
  assert.deepEqual(
    toldOf(text).map(({ message, severity }) => [message, severity]),
    [['context.attested is never anything but "none" where it may match', 'medium']],
  )
  const silent = { ...ground, actions: ground.actions.map(({ uid: one, groups }) => ({ uid: one, groups })) }
  assert.deepEqual(toldOf(text, silent), [])
})

test('the example of the lint is told of by it', () => {
  const read = {
    uid: uid('Reeve::Action', 'orders.read'),
    groups: [],
    stated: new Map([['Reeve::Identity', new Set(['now'])]]),
  }
  const told = toldOf(LINTS['never-stated'].example, { actions: [read], known: new Map() })
  assert.deepEqual(
    told.map(({ message }) => message),
    ['context.isParty is stated nowhere that it may match'],
  )
})
