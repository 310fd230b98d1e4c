import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dueSteps, type KeyState, keyRules, type ScheduledKey } from './key-schedule.ts'

const rules = keyRules(3600)
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
    assert.deepEqual(dueSteps(keys, at - 1, rules), [], expected)
    assert.equal(
      dueSteps(keys, at, rules)
        .map(({ to }) => to)
        .join(' '),
      expected,
    )
  }
  assert.deepEqual(dueSteps([], 1e15, rules), [])
})

/** Moves the keys on as the job would, and checks what each move must not do. */
const advance = (keys: Map<string, ScheduledKey>, now: number): void => {
  for (const step of dueSteps([...keys.values()], now, rules)) {
    const id = 'id' in step ? step.id : `k${keys.size}`
    const before = keys.get(id) ?? key(id, 'prepared', { preparedAt: now })
    if (step.to === 'active') assert.ok(now - (before.publishedAt ?? now) >= rules.leadMs)
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

test('however late the clock calls, no key signs unseen, none goes while its tokens live, and one is active', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 * 24 * 3_600_000 }), { minLength: 1, maxLength: 60 }), (gaps) => {
      const keys = new Map([['k0', key('k0', 'active', { publishedAt: 0, activatedAt: 0 })]])
      let now = 0
      for (const gap of gaps) {
        now += gap
        advance(keys, now)
        assert.equal([...keys.values()].filter(({ state }) => state === 'active').length, 1)
      }
    }),
  )
})
