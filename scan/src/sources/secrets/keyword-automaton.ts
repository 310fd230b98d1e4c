/** Finds every occurrence of every keyword in one pass: an Aho-Corasick automaton over bytes, ASCII case folded. */
export interface KeywordAutomaton {
  /** Calls back with the number of the keyword and where it starts, in order of where they end. */
  scan(bytes: Uint8Array, onHit: (keyword: number, start: number) => void): void
}

/** Builds the automaton; its cost per byte does not depend on how many keywords there are. */
export const keywordAutomaton = (keywords: readonly string[]): KeywordAutomaton => {
  const { classOf, classCount } = byteClasses(keywords)
  const trie = buildTrie(keywords, classOf, classCount)
  const { next, hits } = linkFailures(trie, classCount)
  // One number a step: where the next state's row starts, and in the lowest bit whether a keyword ends there.
  const steps = next.map((state) => (state * classCount * 2) | (hits[state]?.length ? 1 : 0))
  return {
    scan(bytes, onHit) {
      let row = 0
      for (let at = 0; at < bytes.length; at += 1) {
        const step = steps[row + (classOf[bytes[at] ?? 0] ?? 0)] ?? 0
        row = step >> 1
        if ((step & 1) === 1) {
          for (const keyword of hits[row / classCount] ?? []) onHit(keyword, at + 1 - (keywords[keyword]?.length ?? 0))
        }
      }
    },
  }
}

// Bytes that no keyword has are all alike: one class for them keeps the table small enough for the cache.
const byteClasses = (keywords: readonly string[]) => {
  const classOf = new Uint8Array(256)
  let classCount = 1
  for (const keyword of keywords) {
    for (const char of keyword) {
      const code = char.charCodeAt(0)
      if (code > 127) throw new Error('a keyword is ASCII')
      if (classOf[code] !== 0) continue
      classOf[code] = classCount
      classOf[char.toUpperCase().charCodeAt(0)] = classCount
      classCount += 1
    }
  }
  return { classOf, classCount }
}

interface Trie {
  readonly next: Int32Array
  readonly hits: number[][]
}

const buildTrie = (keywords: readonly string[], classOf: Uint8Array, classCount: number): Trie => {
  const statesMax = 1 + keywords.reduce((sum, keyword) => sum + keyword.length, 0)
  const next = new Int32Array(statesMax * classCount)
  const hits: number[][] = [[]]
  keywords.forEach((keyword, number) => {
    let state = 0
    for (const char of keyword) {
      const edge = state * classCount + (classOf[char.charCodeAt(0)] ?? 0)
      if (next[edge] === 0) {
        next[edge] = hits.length
        hits.push([])
      }
      state = next[edge] ?? 0
    }
    hits[state]?.push(number)
  })
  return { next: next.subarray(0, hits.length * classCount), hits }
}

// Breadth first, so that the state to fall back to is complete before it is needed; 0 means "no edge" in the trie.
const linkFailures = ({ next, hits }: Trie, classCount: number): Trie => {
  const fallback = new Int32Array(hits.length)
  const queue: number[] = []
  for (let byteClass = 0; byteClass < classCount; byteClass += 1) {
    const child = next[byteClass] ?? 0
    if (child !== 0) queue.push(child)
  }
  for (const state of queue) {
    const back = fallback[state] ?? 0
    for (let byteClass = 0; byteClass < classCount; byteClass += 1) {
      const edge = state * classCount + byteClass
      const child = next[edge] ?? 0
      const viaBack = next[back * classCount + byteClass] ?? 0
      if (child === 0) {
        next[edge] = viaBack
      } else {
        fallback[child] = viaBack
        hits[child]?.push(...(hits[viaBack] ?? []))
        queue.push(child)
      }
    }
  }
  return { next, hits }
}
