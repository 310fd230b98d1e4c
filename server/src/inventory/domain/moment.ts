import type { Declared } from './identity.ts'

const DAY_MS = 86_400_000
const DAYS = /^([1-9]\d{0,3})d$/
const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/

/** A moment from a text: an ISO date or time, or a number of days from now (`90d`). Undefined when it is neither. */
export const declaredMoment = (text: string, now: Date): Declared | undefined => {
  const days = DAYS.exec(text)?.[1]
  if (days !== undefined) return { at: daysAfter(now, Number(days)), text }
  if (!DATE.test(text)) return undefined
  const at = new Date(text)
  // `2026-02-30` is no date, though the runtime rolls it over.
  const isReal =
    !Number.isNaN(at.getTime()) &&
    new Date(`${text.slice(0, 10)}T00:00:00Z`).toISOString().startsWith(text.slice(0, 10))
  return isReal ? { at, text } : undefined
}

/** So many days of 24 hours later. */
export const daysAfter = (from: Date, days: number): Date => new Date(from.getTime() + days * DAY_MS)

/** Nothing lives longer than this without somebody saying so again. */
export const EXPIRY_DAYS_MAX = 366
