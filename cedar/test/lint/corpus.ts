import type { LintName } from '../../src/index.ts'

/** The lints whose sets are made here; those of `never-stated` stand beside its test. */
export type MadeLint = Exclude<LintName, 'never-stated'>

/** Policies, and whether the lint is to tell of the last one. */
export interface Labelled {
  readonly lint: LintName
  readonly isWrong: boolean
  readonly texts: readonly string[]
}

/** Numbers that look like chance and are the same in every run. */
export type Pick = <Item>(items: readonly Item[]) => Item

/** A picker that begins somewhere. */
export const picker = (seed: number): Pick => {
  let state = (seed * 2_654_435_761 + 12_345) >>> 0
  return (items) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 3_266_489_917) >>> 0
    const item = items[(state >>> 8) % items.length]
    if (item === undefined) throw new Error('there is nothing to pick')
    return item
  }
}

const WHO = [
  'principal.kind == "bot"',
  'principal.kind == "agent"',
  '["bot", "service"].contains(principal.kind)',
  'principal.hasTag("ticket")',
  'principal.name like "orders-*"',
]
const WHAT = [
  'resource.sensitivity == "internal"',
  'resource in Resource::"orders-api"',
  'resource.sensitivity == "regulated"',
]
const WHEN = [
  '(context has age && context.age < 50)',
  '(context has age && context.age >= 60 && context.age <= 100)',
  '(context has region && context.region == "eu")',
  '(context has region && context.region != "us")',
]
const ACTIONS = [
  'action == Action::"orders.read"',
  'action in [Action::"orders.read", Action::"orders.write"]',
  'action == Action::"orders.export"',
]
const GROUPS = ['action in Action::"access:read"', 'action in Action::"access:write"']
const EXCLUDED = [
  ['principal.kind == "bot"', 'principal.kind == "agent"'],
  ['principal.kind == "agent"', '["bot", "service"].contains(principal.kind)'],
  ['(context has age && context.age < 50)', '(context has age && context.age > 60)'],
  ['(context has region && context.region == "eu")', '(context has region && context.region == "us")'],
  ['principal.name == "x"', 'principal.name like "orders-*"'],
  ['principal.name like "a*"', 'principal.name like "b*"'],
  ['principal.hasTag("ticket")', '!principal.hasTag("ticket")'],
  ['!(context has region)', '(context has region && context.region == "eu")'],
  ['resource.sensitivity == "internal"', '!(resource.sensitivity == "internal")'],
  ['action in Action::"access:write"', '!(action == Action::"orders.write")'],
  ['principal.kind != principal.kind', 'true'],
  ['resource in Resource::"no-such"', 'true'],
  ['1 > 2', 'true'],
] as const

const policy = (effect: string, action: string, ...conditions: string[]): string =>
  `${effect} (principal, ${action}, resource)\nwhen { ${conditions.length === 0 ? 'true' : conditions.join(' && ')} };`

const one = (pick: Pick): string =>
  policy(pick(['permit', 'forbid']), pick([...ACTIONS, ...GROUPS]), pick(WHO), pick(WHEN))

/** Says the same in other words. */
const reworded = (pick: Pick, expression: string): string =>
  pick([
    expression,
    `(${expression})`,
    `!(!(${expression}))`,
    `(if ${expression} then true else false)`,
    `(${expression} || false)`,
    `(${expression} || ${expression})`,
  ])

const neverMatching = (pick: Pick, isWrong: boolean): string[] => {
  if (!isWrong)
    return [policy('permit', pick(ACTIONS), reworded(pick, pick(WHO)), pick(WHAT), reworded(pick, pick(WHEN)))]
  const [left, right] = pick(EXCLUDED)
  const excluded = `(${reworded(pick, left)} && ${reworded(pick, right)})`
  const [first, second] = pick(EXCLUDED)
  const either = pick([excluded, `(${excluded} || (${first} && ${second}))`])
  return [
    policy(
      pick(['permit', 'forbid']),
      pick(ACTIONS),
      ...pick([
        [pick(WHEN), either],
        [either, pick(WHAT)],
      ]),
    ),
  ]
}

// The narrow one asks for everything that the wide one asks for, and for more.
const pairOf = (pick: Pick, isCovered: boolean): { wide: string; narrow: string; action: string; other: string } => {
  const [who, when, what] = [pick(WHO), pick(WHEN), pick(WHAT)]
  const action = pick(ACTIONS)
  const wide = pick([who, when, `${who} && ${when}`, `(${who} || ${what})`])
  const all = `${reworded(pick, who)} && ${reworded(pick, when)} && ${what}`
  if (isCovered) return { wide, narrow: all, action, other: pick([action, action, 'action']) }
  const missing = pick([
    { wide: `${who} && ${when}`, narrow: who },
    { wide: `${when} && ${what}`, narrow: `${when} && ${who}` },
    { wide: `!(${who}) && ${when}`, narrow: `${who} && ${when}` },
  ])
  return { ...missing, action, other: action }
}

const shadowed = (pick: Pick, isWrong: boolean): string[] => {
  const { wide, narrow, action, other } = pairOf(pick, isWrong)
  const effect = pick(['permit', 'forbid'])
  return [policy(effect, other, wide), policy(effect, action, narrow)]
}

const contradictory = (pick: Pick, isWrong: boolean): string[] => {
  const { wide, narrow, action, other } = pairOf(pick, isWrong)
  return [policy('forbid', other, wide), policy('permit', action, narrow)]
}

const overBroad = (pick: Pick, isWrong: boolean): string[] => {
  const excluding = [
    'principal.kind != "agent"',
    '!principal.hasTag("ticket")',
    'true',
    'principal == principal',
    pick(WHEN),
  ]
  if (isWrong)
    return pick([
      [policy('permit', pick(ACTIONS), pick(excluding), pick(WHAT))],
      [policy('permit', pick(ACTIONS), `(${pick(WHO)} || ${pick(WHEN)})`)],
      [policy('permit', pick([...GROUPS, 'action']), pick(WHO), pick(WHEN))],
      [policy('permit', pick(GROUPS), pick(WHO), 'resource.sensitivity != "regulated"')],
    ])
  return pick([
    [policy('permit', pick(ACTIONS), reworded(pick, pick(WHO)), pick(WHEN))],
    [policy('permit', pick([...GROUPS, 'action']), pick(WHO), pick(WHAT))],
    [policy('permit', pick(ACTIONS), `(${pick(WHO)} || ${pick(WHO)})`)],
    [policy('forbid', pick([...GROUPS, 'action']), pick(excluding))],
  ])
}

const wildcard = (pick: Pick, isWrong: boolean): string[] => {
  if (isWrong)
    return pick([
      [policy('permit', 'action', reworded(pick, pick(WHO)), pick(WHAT))],
      [policy('permit', 'action', pick(WHO), 'action != Action::"orders.write"')],
      [policy('permit', 'action', `(${pick(WHO)} || action == Action::"orders.read")`)],
    ])
  return pick([
    [policy('permit', pick([...ACTIONS, ...GROUPS]), pick(WHO))],
    [policy('permit', 'action', pick(WHO), reworded(pick, 'action == Action::"orders.read"'))],
    [policy('permit', 'action', pick(WHO), '(action == Action::"orders.read" || action in Action::"access:write")')],
    [policy('forbid', 'action', pick(WHO))],
  ])
}

const MAKERS: Readonly<Record<MadeLint, (pick: Pick, isWrong: boolean) => string[]>> = {
  'never-matching': neverMatching,
  shadowed,
  contradictory,
  'over-broad': overBroad,
  wildcard,
}

/** Sets whose label holds by the way in which they were made: half of them wrong. */
export const madeFor = (lint: MadeLint, count: number): Labelled[] =>
  Array.from({ length: count }, (_, at) => {
    const pick = picker(at + 1)
    const isWrong = at % 2 === 0
    const texts = MAKERS[lint](pick, isWrong)
    return { lint, isWrong, texts }
  })

/** Policies that chance put together; what is wrong with them only the evaluator can say. */
export const byChance = (count: number): string[][] =>
  Array.from({ length: count }, (_, at) => {
    const pick = picker(at + 100_000)
    const parts = (): string[] => [pick([...WHO, ...WHAT, ...WHEN, 'true']), pick([...WHO, ...WHEN, ...WHAT])]
    const [first, second] = [parts(), parts()]
    const head = (): string => pick([...ACTIONS, ...GROUPS, 'action'])
    const headOfBoth = head()
    const other = pick([
      policy(
        pick(['permit', 'forbid']),
        headOfBoth,
        ...pick([first, [...first, ...second], [`(${first[0]} || ${second[0]})`]]),
      ),
      policy('permit', head(), ...second, `!(${first[0]})`),
      policy('permit', head(), `(if ${first[0]} then ${second[0]} else ${second[1]})`),
      one(pick),
    ])
    return [policy(pick(['permit', 'permit', 'forbid']), headOfBoth, ...first), other]
  })
