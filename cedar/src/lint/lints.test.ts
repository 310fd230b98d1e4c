import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byChance, type Labelled, type MadeLint, madeFor } from '../../test/lint/corpus.ts'
import { HAND_WRITTEN } from '../../test/lint/hand-written.ts'
import { everyWorld } from '../../test/lint/worlds.ts'
import { parse } from '../../test/official.ts'
import type { LintedPolicy } from './linted-policy.ts'
import { LINTS, type LintName, lintOneByOne, lintPolicies } from './lints.ts'

const NAMES: readonly MadeLint[] = ['never-matching', 'shadowed', 'over-broad', 'contradictory', 'wildcard']
const worlds = everyWorld()
const read = (texts: readonly string[]): LintedPolicy[] =>
  texts.map((text, at) => ({ id: `p${at}`, est: parse(text), place: `policies/p.cedar:${at + 1}` }))

const toldOf = (texts: readonly string[]): ReadonlySet<string> => {
  const policies = read(texts)
  const last = policies.at(-1)?.id
  return new Set(
    lintPolicies(policies, worlds.ground)
      .lints.filter(({ policy }) => policy === last)
      .map(({ lint }) => lint),
  )
}

/** What the evaluator says of the last policy, asked about every request there is. */
const truthOf = (texts: readonly string[]): ReadonlySet<string> => {
  const policies = read(texts)
  const at = policies.length - 1
  const last = policies[at]
  if (last === undefined) return new Set()
  const all = policies.map(({ est }) => worlds.matched(est))
  const own = all[at] ?? []
  const isCovered = (by: readonly boolean[]): boolean =>
    own.every((isMatch, of) => !isMatch || !worlds.isKnownAction(of) || by[of] === true)
  const does = (is: (of: number) => boolean): boolean => own.some((isMatch, of) => isMatch && is(of))
  const isAlive = does(worlds.isKnownAction)
  const others = policies.flatMap(({ est }, of) => (of < at && isCovered(all[of] ?? []) ? [est.effect] : []))
  const isPermit = last.est.effect === 'permit'
  const wrong: readonly (readonly [LintName, boolean])[] = [
    ['never-matching', !isAlive],
    ['shadowed', isAlive && others.includes(last.est.effect)],
    ['contradictory', isAlive && isPermit && others.includes('forbid')],
    [
      'over-broad',
      isPermit &&
        isAlive &&
        (does((of) => worlds.isStranger(of) && worlds.isKnownAction(of)) || does(worlds.isNewAccess)),
    ],
    ['wildcard', isPermit && isAlive && does(worlds.isNewAction)],
  ]
  return new Set(wrong.flatMap(([lint, isSo]) => (isSo ? [lint] : [])))
}

const chance = byChance(220).map((texts) => ({ texts, truth: truthOf(texts) }))

for (const lint of NAMES)
  test(`${lint} tells of at least 95 in 100 of what is wrong, and at least 95 in 100 of what it tells of is`, () => {
    const labelled: readonly Labelled[] = [
      ...madeFor(lint, 240),
      ...chance.map(({ texts, truth }) => ({ lint, texts, isWrong: truth.has(lint) })),
      ...HAND_WRITTEN.filter((one) => one.lint === lint),
    ]
    const count = { right: 0, missed: 0, wrongly: 0, silent: 0 }
    const odd: string[] = []
    for (const { texts, isWrong } of labelled) {
      const isTold = toldOf(texts).has(lint)
      count[isWrong ? (isTold ? 'right' : 'missed') : isTold ? 'wrongly' : 'silent']++
      if (isWrong !== isTold) odd.push(`${isWrong ? 'missed' : 'wrongly'}: ${texts.join('\n')}`)
    }
    const precision = count.right / (count.right + count.wrongly)
    const recall = count.right / (count.right + count.missed)
    const different = new Set(labelled.map(({ texts }) => texts.join()))
    console.log(
      `lint ${lint}: ${different.size} different sets, ${count.right + count.missed} wrong; precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`,
    )
    assert.ok(different.size >= 200 && count.right >= 50 && count.silent >= 50, 'there is enough of both')
    assert.ok(precision >= 0.95 && recall >= 0.95, odd.slice(0, 5).join('\n\n'))
  })

test('the labels of the sets that were made hold, by the evaluator asked about every request', () => {
  for (const lint of NAMES)
    for (const { texts, isWrong } of madeFor(lint, 240).filter((_, at) => at % 3 === 0))
      assert.equal(truthOf(texts).has(lint), isWrong, `${lint}: ${texts.join('\n')}`)
})

test('the example of each lint is told of by that lint, and nothing is said of what stands elsewhere', () => {
  const id = 'Reeve::Action::"'
  const actions = ['orders.read', 'orders.export'].map((name) => ({
    uid: { type: 'Reeve::Action', id: name },
    groups: [{ type: 'Reeve::Action', id: 'access:read' }],
  }))
  for (const lint of NAMES) {
    const texts = LINTS[lint].example.split('\n\n')
    assert.ok(texts[0]?.includes(id) || lint === 'wildcard')
    const found = lintPolicies(read(texts), { actions, known: new Map() }).lints
    assert.deepEqual(
      found.filter((one) => one.lint === lint).map(({ policy, place, severity }) => [policy, place, severity]),
      [[`p${texts.length - 1}`, `policies/p.cedar:${texts.length}`, LINTS[lint].severity]],
    )
    const elsewhere = read(texts).map((one) => ({ ...one, isElsewhere: true }))
    assert.deepEqual(lintPolicies(elsewhere, { actions, known: new Map() }).lints, [])
  }
})

test('where more pairs would have to be compared than may be, the answer says that it is not complete', () => {
  const wide = 'permit (principal in Team::"x", action == Action::"orders.read", resource)'
  const policies = read([`${wide};`, `${wide} when { principal.kind == "bot" };`])
  const all = lintPolicies(policies, worlds.ground)
  assert.deepEqual([all.isComplete, all.lints.map(({ lint }) => lint)], [true, ['shadowed']])
  const few = lintPolicies(policies, worlds.ground, 0)
  assert.deepEqual([few.isComplete, few.lints], [false, []])
})

test('who has others to serve may do so after each policy is read, and after each was compared with the others', () => {
  const policies = read(LINTS.shadowed.example.split('\n\n'))
  const linting = lintOneByOne(policies, worlds.ground)
  const steps = [...policies, ...policies].map(() => linting.next())
  assert.deepEqual(
    steps,
    steps.map(() => ({ done: false, value: undefined })),
  )
  assert.deepEqual(linting.next(), { done: true, value: lintPolicies(policies, worlds.ground) })
})
