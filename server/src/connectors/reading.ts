import { OutboundError } from '../kit/fetch.ts'
import { type Configured, type Target, type Vendor, VendorError, type Writing } from './vendor.ts'

/** A text for the parser. */
export interface VendorDocument {
  readonly path: string
  readonly text: string
}

/** A part that was not read, or not to its end. */
export interface Gap {
  readonly part: string
  readonly why: string
}

/** What a vendor answered. */
export interface Reading {
  readonly documents: readonly VendorDocument[]
  readonly gaps: readonly Gap[]
  /** What can be tagged. */
  readonly targets: readonly Tagged[]
  /** How many things came in all. */
  readonly items: number
}

interface Tagged extends Target {
  readonly tags: Readonly<Record<string, string>>
}

const ITEMS_MAX = 500_000

/** With what a vendor is asked. */
export type ReadingGiven = Writing

/** Asks a vendor for all its parts. It never throws for what a vendor does: that is a gap. */
export const readVendor = async (
  vendor: Vendor,
  { settings, without }: Configured,
  given: ReadingGiven,
): Promise<Reading> => {
  const documents: VendorDocument[] = []
  const gaps: Gap[] = []
  const targets: Tagged[] = []
  const leftOut = new Set(without)
  let total = 0
  const source = await vendor.open(settings)
  await source.read({
    ...given,
    part: async <T>(name: string, ask: (take: (items: readonly T[]) => void) => Promise<void>) => {
      const all: T[] = []
      if (leftOut.has(name)) return all
      const take = (items: readonly T[]): void => {
        if (given.signal.aborted) throw new VendorError('nobody waits for it any more')
        total += items.length
        if (total > ITEMS_MAX) throw new VendorError(`there are more than ${ITEMS_MAX} things: the rest is left out`)
        for (const item of items) all.push(item)
      }
      try {
        await ask(take)
      } catch (error) {
        gaps.push({ part: name, why: whyOf(error, vendor.parts.find((part) => part.name === name)?.needs ?? '') })
      }
      return all
    },
    target: (key, tags, at) => void targets.push({ key, tags, ...(at === undefined ? {} : { at }) }),
    keep: (name, value) => {
      documents.push({ path: `${vendor.name}/${name}`, text: JSON.stringify(value) })
    },
  })
  return { documents, gaps, targets, items: total }
}

/** In words for people: nothing of what was answered, which may quote a secret. */
export const whyOf = (error: unknown, needs: string): string => {
  const status = error instanceof VendorError || error instanceof OutboundError ? error.status : undefined
  if (status === 401) return 'its credential was not accepted (401)'
  if (status === 403 || status === 404) return `it may not be asked for that (${status}): it takes ${needs}`
  if (error instanceof VendorError || error instanceof OutboundError) return error.message
  return `it could not be read (${error instanceof Error ? error.name : 'unknown'})`
}
