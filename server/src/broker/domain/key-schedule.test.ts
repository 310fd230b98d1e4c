import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dueSteps, type KeyState, keyRules, type ScheduledKey, signingTimes } from './key-schedule.ts'

const rules = keyRules(3600)
const NONE: ReadonlySet<string> = new Set()
const key = (id: string, state: KeyState, at: Partial<ScheduledKey> = {}): ScheduledKey => ({
  id,
  state,
  preparedAt: 0,
  publishedAt: null,
  activatedAt: null,
  retiringAt: null,
  ...at,
})

test('each step is due at its time and not a moment before', () => {
  const active = key('a', 'active', { activatedAt: 0 })
  const { rotationMs, leadMs, tailMs } = rules
  const cases: [readonly ScheduledKey[], number, string][] = [
    [[active], rotationMs - 2 * leadMs, 'prepared'],
    [[active, key('b', 'prepared')], rotationMs - leadMs, 'published'],
    [[active, key('b', 'published', { publishedAt: 5000 })], 5000 + leadMs, 'retiring active'],
    [[key('a', 'retiring', { retiringAt: 7000 })], 7000 + tailMs, 'retired'],
  ]
  for (const [keys, at, expected] of cases) {
    assert.deepEqual(dueSteps(keys, at - 1, rules, NONE), [], expected)
    assert.equal(
      dueSteps(keys, at, rules, NONE)
        .map(({ to }) => to)
        .join(' '),
      expected,
    )
  }
  assert.deepEqual(dueSteps([], 1e15, rules, NONE), [])
})

/** Moves the keys on as the job would, and checks what each move must not do. */
const advance = (keys: Map<string, ScheduledKey>, now: number, lacked: ReadonlySet<string>): void => {
  for (const step of dueSteps([...keys.values()], now, rules, lacked)) {
    const id = 'id' in step ? step.id : `k${keys.size}`
    const before = keys.get(id) ?? key(id, 'prepared', { preparedAt: now })
    if (step.to === 'active')
      assert.ok(now - (before.publishedAt ?? now) >= rules.leadMs + (lacked.has(id) ? rules.waitMs : 0))
    if (step.to === 'retired') assert.ok(now - (before.retiringAt ?? now) >= rules.tailMs)
    keys.set(id, { ...before, ...TIMES[step.to](now), state: step.to })
  }
}

const TIMES: Readonly<Record<KeyState, (now: number) => Partial<ScheduledKey>>> = {
  prepared: () => ({}),
  published: (publishedAt) => ({ publishedAt }),
  active: (activatedAt) => ({ activatedAt }),
  retiring: (retiringAt) => ({ retiringAt }),
  retired: () => ({}),
}

test('a key that some verifier lacks signs at its last moment and not before, one that all have at its first', () => {
  const keys = [key('a', 'active', { activatedAt: 0 }), key('b', 'published', { publishedAt: 5000 })]
  const { fromMs, byMs } = signingTimes(5000, rules)
  assert.deepEqual([fromMs, byMs], [5000 + rules.leadMs, 5000 + rules.leadMs + rules.waitMs])
  const steps = (at: number, lacked: readonly string[]) => dueSteps(keys, at, rules, new Set(lacked)).length
  assert.deepEqual([steps(fromMs - 1, []), steps(fromMs, []), steps(fromMs, ['a', 'other'])], [0, 2, 2])
  assert.deepEqual([steps(fromMs, ['b']), steps(byMs - 1, ['b']), steps(byMs, ['b'])], [0, 0, 2])
})

test('however late the clock calls, and whoever lacks them, no key signs unseen, none goes while its tokens live, and one is active', () => {
  const call = fc.record({ gap: fc.integer({ min: 1, max: 40 * 24 * 3_600_000 }), isLacked: fc.boolean() })
  fc.assert(
    fc.property(fc.array(call, { minLength: 1, maxLength: 60 }), (calls) => {
      const keys = new Map([['k0', key('k0', 'active', { publishedAt: 0, activatedAt: 0 })]])
      let now = 0
      for (const { gap, isLacked } of calls) {
        now += gap
        advance(keys, now, isLacked ? new Set(keys.keys()) : NONE)
        assert.equal([...keys.values()].filter(({ state }) => state === 'active').length, 1)
      }
    }),
  )
})
