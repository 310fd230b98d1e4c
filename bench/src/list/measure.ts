import { performance } from 'node:perf_hooks'
import type { Asker } from './asker.ts'
import type { Matched, Question } from './questions.ts'
import type { Register } from './register.ts'

/** What one question took on one engine. */
export interface Measured {
  readonly label: string
  readonly found: number
  readonly asked: number
  readonly p50Ms: number
  readonly p95Ms: number
  /** The p95 of the deepest page alone. */
  readonly deepP95Ms: number
}

const LIMIT = 50
const DEEP_SHARE = 4
// A p95 of fewer is one unlucky moment.
const ASKED_MIN = 120

/** Asks one question for so long: the first page, the deepest, and pages in between. */
export const measure = async (
  asker: Asker,
  register: Register,
  question: Question,
  matched: readonly Matched[],
  seconds: number,
): Promise<Measured> => {
  const places = placesOf(matched)
  await check(asker, register, question, matched, places)
  const all: number[] = []
  const deep: number[] = []
  const until = performance.now() + seconds * 1000
  for (let turn = 0; performance.now() < until || all.length < ASKED_MIN; turn++) {
    const isDeep = turn % DEEP_SHARE === 0
    // Steps of a prime through the places: every run asks for the same pages in the same order.
    const place = isDeep ? places.at(-1) : places[(turn * 7919) % places.length]
    const input = pageInput(asker, register, question, place)
    const from = performance.now()
    await asker.ask(input)
    const tookMs = performance.now() - from
    all.push(tookMs)
    if (isDeep) deep.push(tookMs)
  }
  return {
    label: question.label,
    found: matched.length,
    asked: all.length,
    p50Ms: percentile(all, 50),
    p95Ms: percentile(all, 95),
    deepP95Ms: percentile(deep, 95),
  }
}

/** Where pages may begin: undefined is the first; the last is that of the deepest page. */
const placesOf = (matched: readonly Matched[]): readonly (Matched | undefined)[] => {
  const after = Array.from({ length: 97 }, (_, i) => matched[Math.floor((matched.length * (i + 1)) / 98)])
  return [undefined, ...after, matched.at(-LIMIT - 1)]
}

const pageInput = (asker: Asker, register: Register, question: Question, place: Matched | undefined): object => {
  const input = { ...question.input, limit: LIMIT }
  if (place === undefined) return input
  return { ...input, cursor: asker.cursorAt(input, [place.key, register.names[place.index] ?? '']) }
}

/** Follows the real cursors once from the first page, and once from the deepest, and compares with the look at all. */
const check = async (
  asker: Asker,
  register: Register,
  question: Question,
  matched: readonly Matched[],
  places: readonly (Matched | undefined)[],
): Promise<void> => {
  for (const place of [undefined, places.at(-1)]) {
    const start = place === undefined ? 0 : matched.indexOf(place) + 1
    const expected = matched.slice(start, start + LIMIT).map(({ index }) => register.names[index])
    const names: string[] = []
    let page = await asker.ask(pageInput(asker, register, question, place))
    names.push(...page.items.map((each) => each.name))
    while (names.length < expected.length && page.nextCursor !== null) {
      page = await asker.ask({ ...question.input, limit: LIMIT, cursor: page.nextCursor })
      names.push(...page.items.map((each) => each.name))
    }
    if (JSON.stringify(names.slice(0, expected.length)) !== JSON.stringify(expected))
      throw new Error(`${question.label}: the page is not what a look at all identities gives`)
  }
}

const percentile = (all: readonly number[], percent: number): number => {
  const sorted = all.toSorted((one, other) => one - other)
  return (
    Math.round((sorted[Math.min(sorted.length - 1, Math.ceil((sorted.length * percent) / 100) - 1)] ?? 0) * 100) / 100
  )
}
