import type { ExtensionValue } from './value.ts'

/**
 * Reads a point in time: a date, or a date and a time with `Z` or an offset.
 *
 * Read character by character: this runs for every request that says what time it is.
 */
export const readDatetime = (text: string): ExtensionValue | undefined => {
  const days = dateDays(text)
  if (days === undefined) return undefined
  if (text.length === DATE_LENGTH) return { kind: 'datetime', milliseconds: days * DAY }
  const time = timeMilliseconds(text)
  return time === undefined ? undefined : { kind: 'datetime', milliseconds: days * DAY + time }
}

const DATE_LENGTH = 10
const SECONDS_END = 19
const DAY = 86_400_000
const MINUTE = 60_000

const dateDays = (text: string): number | undefined => {
  if (text.length < DATE_LENGTH || !isAt(text, 4, '-') || !isAt(text, 7, '-')) return undefined
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 7)
  const day = digits(text, 8, 10)
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > monthDays(year, month)) return undefined
  return daysSince1970(year, month, day)
}

const timeMilliseconds = (text: string): number | undefined => {
  if (text.length <= SECONDS_END || !isAt(text, 10, 'T') || !isAt(text, 13, ':') || !isAt(text, 16, ':'))
    return undefined
  const hour = digits(text, 11, 13)
  const minute = digits(text, 14, 16)
  const second = digits(text, 17, 19)
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return undefined
  const hasFraction = isAt(text, SECONDS_END, '.')
  const fraction = hasFraction ? digits(text, SECONDS_END + 1, SECONDS_END + 4) : 0
  const offset = offsetMinutes(text, hasFraction ? SECONDS_END + 4 : SECONDS_END)
  if (fraction < 0 || offset === undefined) return undefined
  return (hour * 60 + minute - offset) * MINUTE + second * 1_000 + fraction
}

const offsetMinutes = (text: string, from: number): number | undefined => {
  const sign = text[from]
  if (sign === 'Z') return text.length === from + 1 ? 0 : undefined
  if ((sign !== '+' && sign !== '-') || text.length !== from + 5) return undefined
  const hours = digits(text, from + 1, from + 3)
  const minutes = digits(text, from + 3, from + 5)
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return undefined
  return sign === '+' ? hours * 60 + minutes : -(hours * 60 + minutes)
}

const isAt = (text: string, at: number, mark: string): boolean => text.charCodeAt(at) === mark.charCodeAt(0)

/** The number written between two places, or -1 when not all of it is digits. */
const digits = (text: string, from: number, to: number): number => {
  let number = 0
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48
    // Beyond the end of the text there is NaN, which no comparison accepts.
    if (!(digit >= 0 && digit <= 9)) return -1
    number = number * 10 + digit
  }
  return number
}

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const monthDays = (year: number, month: number): number =>
  month === 2 && isLeap(year) ? 29 : (MONTH_DAYS[month - 1] ?? 0)

// Counted in years that begin in March, so that the leap day is the last of its year.
const daysSince1970 = (year: number, month: number, day: number): number => {
  const marchYear = month <= 2 ? year - 1 : year
  const marchMonth = (month + 9) % 12
  const leaps = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400)
  return marchYear * 365 + leaps + Math.floor((marchMonth * 153 + 2) / 5) + day - 1 - DAYS_TO_1970
}
const DAYS_TO_1970 = 719_468
