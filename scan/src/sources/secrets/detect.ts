import type { Detector, FindContext, Found, MayBegin } from './detector.ts'
import { aiDetectors } from './detectors/ai.ts'
import { applicationDetectors } from './detectors/applications.ts'
import { assignmentDetectors } from './detectors/assignments.ts'
import { azureKeyDetectors } from './detectors/azure-keys.ts'
import { cloudDetectors } from './detectors/clouds.ts'
import { codeHostDetectors } from './detectors/code-hosts.ts'
import { commandDetectors } from './detectors/commands.ts'
import { handedOverDetectors } from './detectors/handed-over.ts'
import { infrastructureDetectors } from './detectors/infrastructure.ts'
import { paymentDetectors } from './detectors/payments.ts'
import { platformDetectors } from './detectors/platforms.ts'
import { privateKeyDetectors } from './detectors/private-keys.ts'
import { signInDetectors } from './detectors/sign-ins.ts'
import { softwareDetectors } from './detectors/software.ts'
import { urlDetectors } from './detectors/urls.ts'
import { webTokenDetectors } from './detectors/web-tokens.ts'
import { keywordAutomaton } from './keyword-automaton.ts'
import { isPublishedExample } from './published-examples.ts'

/** A secret in a text, and the detector that knows it. */
export interface Hit {
  readonly detector: Detector
  readonly found: Found
}

/** Every detector, most specific first: where two report one place, the earlier has it. */
export const detectors: readonly Detector[] = [
  ...codeHostDetectors,
  ...azureKeyDetectors,
  ...cloudDetectors,
  ...aiDetectors,
  ...softwareDetectors,
  ...infrastructureDetectors,
  ...platformDetectors,
  ...paymentDetectors,
  ...applicationDetectors,
  ...privateKeyDetectors,
  ...webTokenDetectors,
  ...urlDetectors,
  ...signInDetectors,
  ...handedOverDetectors,
  ...commandDetectors,
  ...assignmentDetectors,
]

/** Finds every secret in a text; `bytes` is the same text with one byte a character. */
export const detect = (bytes: Uint8Array, text: () => string, context: FindContext): Hit[] => {
  const tried: (Hit & { rank: number })[] = []
  const seenUntil = new Map<Detector, number>()
  // A hit inside what this detector has just found is part of it.
  const isPartOfFound = (detector: Detector, at: number): boolean =>
    seenUntil.size > 0 && at < (seenUntil.get(detector) ?? 0)
  automaton.scan(bytes, (keyword, at) => {
    const doors = doorsOf[keyword] ?? []
    // By number: of all loops of a scan this one runs most.
    for (let door = 0; door < doors.length; door += 1) {
      const { mayBegin, ranked } = doors[door] ?? CLOSED
      if (mayBegin !== undefined && !mayBegin(bytes, at, context)) continue
      for (const { detector, rank } of ranked) {
        if (isPartOfFound(detector, at)) continue
        const found = detector.find(text(), at, context)
        if (!found || isPublishedExample(found.secret)) continue
        seenUntil.set(detector, found.end)
        tried.push({ detector, found, rank })
      }
    }
  })
  return tried.length < 2 ? tried : withoutOverlaps(tried)
}

const keywords = [...new Set(detectors.flatMap((detector) => detector.keywords))]
interface Door {
  readonly mayBegin: MayBegin | undefined
  readonly ranked: readonly { readonly detector: Detector; readonly rank: number }[]
}
const CLOSED: Door = { mayBegin: () => false, ranked: [] }

// By keyword: who is tried there, behind what says cheaply that it is in vain.
const doorsOf = keywords.map((keyword): readonly Door[] => {
  const ranked = detectors.map((detector, rank) => ({ detector, rank }))
  const tried = ranked.filter(({ detector }) => detector.keywords.includes(keyword))
  return [...Map.groupBy(tried, ({ detector }) => detector.mayBegin)].map(([mayBegin, group]) => ({
    mayBegin,
    ranked: group,
  }))
})
const automaton = keywordAutomaton(keywords)

const withoutOverlaps = (hits: (Hit & { rank: number })[]): Hit[] => {
  const kept: (Hit & { rank: number })[] = []
  const inOrder = hits.sort((a, b) => a.found.start - b.found.start || a.rank - b.rank)
  for (const hit of inOrder) {
    // Sorted by start, what overlaps this one is at the end of what was kept.
    let isBeaten = false
    while (kept.length > 0) {
      const last = kept[kept.length - 1]
      if (!last || last.found.end <= hit.found.start) break
      if (last.rank <= hit.rank) {
        isBeaten = true
        break
      }
      kept.pop()
    }
    if (!isBeaten) kept.push(hit)
  }
  return kept
}
