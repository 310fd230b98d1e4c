import type { z } from 'zod'

type RawIssue = Parameters<z.core.$ZodErrorMap>[0]

/**
 * What a schema says by itself of an input that does not fit, in the words that the rest of the server uses. Undefined
 * where zod's own words stay; a schema that has words of its own is not asked.
 */
export const plainIssue = (issue: RawIssue): string | undefined => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is mandatory' : `must be ${typeWords(issue.expected)}`
    case 'invalid_value':
      return issue.input === undefined ? 'is mandatory' : `must be ${oneOf(issue.values)}`
    case 'invalid_format':
      return issue.format === 'regex' ? `must have the form ${issue.pattern ?? ''}` : FORMATS[issue.format]
    case 'too_small':
      return `must ${bound(issue.origin, 'at least', issue.minimum, issue.inclusive)}`
    case 'too_big':
      return `must ${bound(issue.origin, 'at most', issue.maximum, issue.inclusive)}`
    case 'invalid_union':
      return 'fits none of the forms that it may have'
    default:
      return undefined
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
}

const typeWords = (expected: string): string => TYPES[expected] ?? `of type ${expected}`

const FORMATS: Readonly<Record<string, string>> = {
  datetime: 'must be a moment such as 2027-01-31T00:00:00Z',
  email: 'must be an email address',
  url: 'must be a URL',
}

const oneOf = (values: readonly unknown[]): string =>
  values.length === 1 ? String(values[0]) : `one of ${values.map(String).join(', ')}`

const bound = (origin: string, most: string, limit: number | bigint, isInclusive: boolean | undefined): string => {
  const words = isInclusive === false ? (most === 'at most' ? 'less than' : 'more than') : most
  const count = Number(limit)
  if (origin === 'string') return `have ${words} ${count} character${count === 1 ? '' : 's'}`
  if (origin === 'array' || origin === 'set') return `have ${words} ${count} item${count === 1 ? '' : 's'}`
  return `be ${words} ${count}`
}
