import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GROWTH_MAX, growth } from '../../../test/growth.ts'
import { boundedSet } from './bounded-set.ts'
import { dropOldest } from './drop-oldest.ts'

test('where it is full the oldest go, and no more than a sixteenth', () => {
  for (const max of [1, 2, 15, 16, 100, 1_000]) {
    const kept = new Set<number>()
    for (let at = 0; at < 5 * max; at++) {
      dropOldest(kept, max)
      kept.add(at)
      assert.ok(kept.size <= max)
      if (at >= max) assert.ok(kept.size > max - Math.max(1, max / 16), `${kept.size} of ${max}`)
      assert.deepEqual(
        [...kept],
        Array.from({ length: kept.size }, (_, place) => at - kept.size + 1 + place),
      )
    }
  }
})

test('what is told how to take one out does so, and what is not full stays whole', () => {
  const kept = new Map([1, 2, 3].map((at) => [at, at]))
  const gone: number[] = []
  const drop = (key: number): void => {
    gone.push(key)
    kept.delete(key)
  }
  dropOldest(kept, 4, drop)
  assert.deepEqual(gone, [])
  dropOldest(kept, 3, drop)
  assert.deepEqual([gone, [...kept.keys()]], [[1], [2, 3]])
})

test('one more in a full set costs the same however many it holds', () => {
  const filled = (max: number) => {
    const kept = boundedSet(max)
    for (let at = 0; at < max; at++) kept.add(`${at}`)
    let next = max
    // As many as are in it, so that each of four times as many costs as much where the ratio is four.
    return () => {
      for (let at = 0; at < max; at++) kept.add(`${next++}`)
    }
  }
  assert.ok(growth(filled, 8_000) < GROWTH_MAX)
})
