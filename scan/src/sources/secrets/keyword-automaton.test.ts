import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { keywordAutomaton } from './keyword-automaton.ts'

const hitsOf = (keywords: readonly string[], text: string): string[] => {
  const hits: string[] = []
  keywordAutomaton(keywords).scan(Buffer.from(text, 'latin1'), (keyword, start) => hits.push(`${keyword}@${start}`))
  return hits.sort()
}

const bySearch = (keywords: readonly string[], text: string): string[] => {
  const lower = text.toLowerCase()
  const hits: string[] = []
  keywords.forEach((keyword, number) => {
    for (let at = lower.indexOf(keyword); at !== -1; at = lower.indexOf(keyword, at + 1)) hits.push(`${number}@${at}`)
  })
  return hits.sort()
}

test('every keyword is found wherever it stands, in either case, also inside another', () => {
  assert.deepEqual(hitsOf(['she', 'he', 'hers'], 'uSHErs'), ['0@1', '1@2', '2@2'])
})

test('the automaton finds what a plain search for each keyword finds', () => {
  const letters = fc.constantFrom('a', 'b', 'A', 'B', '-', 'é', ' ')
  const keyword = fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(
      fc.uniqueArray(keyword, { minLength: 1, maxLength: 6 }),
      fc.string({ unit: letters, maxLength: 60 }),
      // So long that parts of it are read side by side, with keywords across their ends.
      fc.nat({ max: 2_000 }),
      (keywords, text, length) => {
        assert.deepEqual(hitsOf(keywords, text), bySearch(keywords, text))
        const long = `${text}b-`.repeat(Math.ceil(length / (text.length + 2))).slice(0, length)
        assert.deepEqual(hitsOf(keywords, long), bySearch(keywords, long))
      },
    ),
    { numRuns: 500 },
  )
})

test('hits are told in the order of where they end, in a text of several blocks too', () => {
  const text = 'a ab b'.repeat(30_000)
  const ends: number[] = []
  keywordAutomaton(['a', 'ab', 'b-']).scan(Buffer.from(text), (keyword, start) =>
    ends.push(start + (keyword === 0 ? 1 : 2)),
  )
  assert.equal(ends.length, 90_000)
  assert.ok(ends.every((end, at) => at === 0 || end >= (ends[at - 1] ?? 0)))
})
