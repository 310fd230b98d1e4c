import type { Place } from './named-forms.ts'

/**
 * Whether this only looks like a setting: `PASS: gcc.dg/vect-1.c` of a report of tests, `password: [not set]`, cut off at
 * its blank. INVARIANT: what has an equals sign or a quote before its value is never taken for one of these.
 */
export const isReportLine = ({ text, start, end }: Place, valueAt: number, value: string): boolean => {
  const sign = text.slice(end, valueAt).trim()
  if (/["'`=]/.test(sign) || !sign.includes(':')) return false
  if (value.startsWith('[') && !value.includes(']')) return true
  const name = text.slice(start, end)
  if (!/^(?:PASS|Pass|pass)$/.test(name)) return false
  if (sign.startsWith(']') || /--- $/.test(text.slice(Math.max(0, start - 4), start)) || SHARE.test(value)) return true
  const isFirst = start === 0 || '\n`"\''.includes(text[start - 1] ?? '')
  if (name !== 'PASS' || !isFirst || SIGNS_IN.test(text.slice(Math.max(0, start - 200), start))) return false
  // A name of a test, or the first word of what was tested; but what a machine made is neither.
  return !isMade(value) && (/^[\w./:+[\]-]{1,512}$/.test(value) || text[valueAt + value.length] === ' ')
}

// `100.00%`, `27/27`
const SHARE = /^\d{1,9}(?:\.\d{1,9})?(?:%|\/\d{1,9}$)/

// Whose password it is stands on the line before it.
const SIGNS_IN = /(?:^|\n)[^\n]{0,40}(?:user|login|mail|host|name)[^\n:=]{0,20}[:=][^\n]{0,100}\n$/i

const isMade = (value: string): boolean =>
  !/[/:[]/.test(value) &&
  [/[a-z]/, /[A-Z]/, /\d/].every((form) => form.test(value)) &&
  (value.match(/\d[A-Za-z]|[A-Za-z]\d/g)?.length ?? 0) >= 2
