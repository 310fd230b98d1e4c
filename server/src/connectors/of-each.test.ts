import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ofEach } from './of-each.ts'
import { VendorError } from './vendor.ts'

/** Asks for one part as a run does: what was taken, and why it ended. */
const run = async (each: readonly string[], ask: (of: string) => Promise<readonly unknown[]>, atOnce: number) => {
  const taken: unknown[] = []
  let why: unknown
  const asking = {
    part: async <T>(_name: string, asked: (take: (items: readonly T[]) => void) => Promise<void>) => {
      await asked((items) => void taken.push(...items)).catch((error: unknown) => {
        why = error
      })
      return []
    },
  }
  const all = await ofEach(asking, 'part', each, { ask: async (of, take) => take(await ask(of)), atOnce })
  return { all: all.map(({ of, items }) => [of, ...items]), taken, why }
}

test('lists of many things keep their order, whichever answers first, and no more are asked for at once than told', async () => {
  let now = 0
  let most = 0
  const { all, taken, why } = await run(
    ['a', 'b', 'c', 'd', 'e'],
    async (of) => {
      most = Math.max(most, ++now)
      // The first of them answers last.
      for (let turn = of === 'a' ? 20 : 1; turn > 0; turn--) await Promise.resolve()
      now -= 1
      return [of.toUpperCase()]
    },
    3,
  )
  assert.deepEqual(all, [['a', 'A'], ['b', 'B'], ['c', 'C'], ['d', 'D'], ['e', 'E']]) // biome-ignore format: one line
  assert.deepEqual([most, why, taken.length, taken.at(-1) === 'A'], [3, undefined, 5, true])
})

test('one that may not be read costs no other its own, and who is no longer accepted is not asked again', async () => {
  const asked: string[] = []
  const failing = (status: number) => async (of: string) => {
    asked.push(of)
    if (of === 'b') throw new VendorError('no', status)
    if (of !== 'a' || status === 403) return [of]
    // Under way when the other one is refused, and then told something milder.
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    throw new VendorError('no', 403)
  }
  const forbidden = await run(['a', 'b', 'c', 'd'], failing(403), 2)
  assert.deepEqual(forbidden.taken, ['a', 'c', 'd'])
  assert.ok(forbidden.why instanceof VendorError && forbidden.why.status === 403)
  asked.length = 0
  const expired = await run(['a', 'b', 'c', 'd', 'e', 'f'], failing(401), 2)
  assert.ok(expired.why instanceof VendorError && expired.why.status === 401)
  assert.ok(asked.length < 6, asked.join())
})
