import type { Verdict } from './assignment.ts'
import { judgeAssignment, mayNameSecret } from './assignment.ts'
import { type NamedForm, namedForms, type Place } from './named-forms.ts'
import { isReportLine } from './report-line.ts'
import { isStrong } from './strength.ts'

/** A value that stands where a name is given one, and what both say together. */
export interface NamedValue {
  readonly start: number
  readonly end: number
  readonly value: string
  readonly label: string
  readonly verdict: Verdict & { readonly is: 'secret' }
}

/** The secret that the name around `at` is given, in whichever form the two stand beside each other. */
export const namedValue = (text: string, at: number, isProgram: boolean): NamedValue | undefined => {
  let start = at
  while (start > 0 && at - start < NAME_CHARS_MAX && isNameChar(text.charCodeAt(start - 1))) start -= 1
  let end = at
  while (end < text.length && end - at < NAME_CHARS_MAX + 1 && isWordChar(text.charCodeAt(end))) end += 1
  if (end - at > NAME_CHARS_MAX) return undefined
  const place: Place = { text, start, end, isProgram }
  // `arn:aws:secretsmanager:…:secret:name` and the like name a secret; they do not tell it.
  const isPartOfOther =
    start > 0 && NAME_OF_ANOTHER.test(text[start - 1] ?? '') && !IS_OF_ITS_OWN.test(before(place, 24))
  if (isPartOfOther) return undefined
  const label = labelOf(place)
  if (!mayNameSecret(label)) return undefined
  const first = text.charCodeAt(end)
  for (const form of namedForms) {
    if (form.begins[first] !== 1 || (form.only !== undefined && (form.only === 'program') !== isProgram)) continue
    const found = valueIn(form, place)
    if (found === undefined) continue
    const verdict = verdictOn(form, label, found.value, place)
    if (verdict?.is === 'secret') return { ...found, label, verdict }
    if (form.isPlain === true) return undefined
  }
  return undefined
}

const verdictOn = (form: NamedForm, label: string, value: string, place: Place): Verdict | undefined => {
  const isSure = form.isSure === undefined || form.isSure(place, value)
  if (!isSure && !isStrong(value)) return undefined
  return judgeAssignment(label, value, { isProgram: place.isProgram })
}

const valueIn = (form: NamedForm, place: Place): Pick<NamedValue, 'start' | 'end' | 'value'> | undefined => {
  if (form.mayStand?.(place) === false) return undefined
  if (form.behind !== undefined) return form.behind(place)
  form.pattern.lastIndex = place.end
  const match = form.pattern.exec(place.text)
  if (!match) return undefined
  const [whole, one, two, three] = match
  const value = one ?? two ?? three ?? ''
  const start = place.end + whole.lastIndexOf(value)
  return isReportLine(place, start, value) ? undefined : { start, end: start + value.length, value }
}

/** What stands before the name, so far. */
const before = ({ text, start }: Place, chars: number): string => text.slice(Math.max(0, start - chars), start)

// "API key" is a name of two words: the second alone says nothing.
const labelOf = (place: Place): string => {
  const name = place.text.slice(place.start, place.end)
  if (!/^key$/i.test(name)) return name
  const [, kind] = KIND_OF_KEY.exec(before(place, 16)) ?? []
  return kind === undefined ? name : `${kind}_${name}`
}
const KIND_OF_KEY = /(?:^|[^\w])(api|access|secret|auth|account|storage|license|subscription|encryption|signing)[ \t]$/i

const NAME_CHARS_MAX = 40

const isWordChar = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95 || code === 45

// As `[\w.-]`: it is asked for every character before every such word, where a pattern costs most.
const isNameChar = (code: number): boolean => isWordChar(code) || code === 46
const NAME_OF_ANOTHER = /[:/@]/
// A symbol or a key of Ruby, Clojure or PowerShell; an element in a name space.
const IS_OF_ITS_OWN =
  /(?:^|[\s({[,])[:@]$|\$(?:env|script|global|private|local):$|<\w{1,20}:$|\/:$|\s\/$|["'][\w-]{1,20}:$/i
