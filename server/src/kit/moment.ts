import { z } from 'zod'
import { coreFault } from './fault.ts'
import { Moment } from './text.ts'

const DAY_MS = 86_400_000
const DAYS = /^([1-9]\d{0,3})d$/
const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/

const WRONG = 'must be a date, a time, or days from now such as 90d'

/** How a moment is written down: a date, a time, or days from now. */
export const WRITTEN = /^(?:[1-9]\d{0,3}d|\d{4}-\d{2}-\d{2}(?:T[0-9:.]{5,12}(?:Z|[+-]\d{2}:\d{2}))?)$/

/** A moment as somebody writes down when something ends: a time, a date, or days from now such as `90d`. */
export const WrittenMoment = z.union([Moment, z.string().max(40).regex(WRITTEN)], WRONG)

/** The moment that a text stands for; undefined when it stands for none. */
export const readMoment = (text: string, now: Date): Date | undefined => {
  const days = DAYS.exec(text)?.[1]
  if (days !== undefined) return new Date(now.getTime() + Number(days) * DAY_MS)
  if (!DATE.test(text)) return undefined
  const at = new Date(text)
  // `2026-02-30` is no date, though the runtime rolls it over.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`)
  const isReal = !Number.isNaN(at.getTime()) && !Number.isNaN(day.getTime())
  return isReal && day.toISOString().startsWith(text.slice(0, 10)) ? at : undefined
}

/** The moment that a field of an input stands for. Throws `invalid_input` where it stands for none. */
export const momentIn = (field: string, text: string, now: Date): Date => {
  const at = readMoment(text, now)
  if (at !== undefined) return at
  throw coreFault('invalid_input', { places: [{ pointer: `/${field}`, detail: WRONG }] })
}
