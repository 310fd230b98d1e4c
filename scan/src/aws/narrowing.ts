import { covers } from './glob.ts'

// Whether two patterns may cover one text: never said to be no where it is yes.
const mayOverlap = (a: string, b: string): boolean => {
  const [ones, others] = [segmentsOf(a), segmentsOf(b)]
  if (ones.length !== others.length) return true
  return ones.every((one, at) => endsAlike(one, others[at] ?? ''))
}

// A wildcard stays in its segment of an ARN, the last of which may hold colons.
const SEGMENTS = 6
const segmentsOf = (pattern: string): readonly string[] => {
  const parts = pattern.toLowerCase().split(':')
  return parts.length < SEGMENTS
    ? [parts.join(':')]
    : [...parts.slice(0, SEGMENTS - 1), parts.slice(SEGMENTS - 1).join(':')]
}

const endsAlike = (one: string, other: string): boolean =>
  /[*?]/.test(one + other) ? startsAlike(one, other) && startsAlike(reversed(one), reversed(other)) : one === other

const reversed = (text: string): string => [...text].reverse().join('')

const startsAlike = (one: string, other: string): boolean => {
  const [start, otherStart] = [plainStart(one), plainStart(other)]
  return start.startsWith(otherStart) || otherStart.startsWith(start)
}

const plainStart = (pattern: string): string => /^[^*?]*/.exec(pattern)?.[0] ?? ''

/** What both lists of patterns cover: of two that overlap the narrower one, so at least what both cover. */
export const within = (patterns: readonly string[], limits: readonly string[]): readonly string[] => {
  if (limits.includes('*')) return patterns
  if (patterns.includes('*')) return limits
  if (!mayTry(patterns.length * limits.length * OVERLAP_PAIRS)) return patterns
  return patterns.flatMap((pattern) => {
    if (limits.some((limit) => covers(limit, pattern))) return [pattern]
    const inside = limits.filter((limit) => covers(pattern, limit))
    return inside.length > 0 ? inside : limits.some((limit) => mayOverlap(limit, pattern)) ? [pattern] : []
  })
}

/** The patterns without those that one of the others covers wholly. */
export const without = (patterns: readonly string[], taken: readonly string[]): readonly string[] =>
  taken.includes('*')
    ? []
    : mayTry(patterns.length * taken.length)
      ? patterns.filter((pattern) => !taken.some((one) => covers(one, pattern)))
      : patterns

/** Whether some of one list may overlap some of another; `false` as well where that is too much to try. */
export const touch = (some: readonly string[], others: readonly string[]): boolean =>
  mayTry(some.length * others.length * OVERLAP_PAIRS) &&
  some.some((one) => others.some((other) => mayOverlap(one, other)))

/**
 * Does what is narrowed of one file, and says whether all of it could be tried. No file decides how long that takes: one
 * that was made to take long shows too much rather than too little.
 */
export const narrowingWithin = <T>(
  pairsMax: number,
  work: () => T,
): { readonly made: T; readonly isWhole: boolean } => {
  // Files are read one after the other in a thread, and nothing waits in between.
  const before = pairsLeft
  pairsLeft = pairsMax
  try {
    return { made: work(), isWhole: pairsLeft >= 0 }
  } finally {
    pairsLeft = before
  }
}

let pairsLeft = Number.POSITIVE_INFINITY
// What one look for an overlap costs, in looks at whether a pattern covers another.
const OVERLAP_PAIRS = 10

const mayTry = (pairs: number): boolean => {
  pairsLeft -= pairs
  return pairsLeft >= 0
}

/**
 * Patterns of resources as one action sees them: one that covers whatever the action can be about is `*`, and one that
 * is about another service is none. The roles of one's own account are all that can be passed, not all that can be assumed.
 */
export const widened = (patterns: readonly string[], action: string, account: string): readonly string[] =>
  patterns.some((pattern) => isAll(pattern, action, account))
    ? ['*']
    : patterns.filter((pattern) => mayBeAbout(pattern, serviceOf(action)))

const serviceOf = (action: string): string => action.split(':')[0] ?? ''

const mayBeAbout = (pattern: string, service: string): boolean => {
  const named = /^arn:[^:]{1,20}:([\w-]{1,60}):/.exec(pattern)?.[1]
  return named === undefined || named === service || (FOREIGN.get(service) ?? []).includes(named)
}

// Whose actions are about what another service holds.
const FOREIGN: ReadonlyMap<string, readonly string[]> = new Map([
  ['sts', ['iam']],
  ['ssm', ['ec2']],
  ['ec2-instance-connect', ['ec2']],
  ['ec2', ['iam', 'elastic-inference', 'license-manager']],
])

const isAll = (pattern: string, action: string, account: string): boolean => {
  if (!pattern.endsWith('*')) return false
  if (/^\*+$/.test(pattern)) return true
  const [arn, , service, region, owner, ...rest] = pattern.split(':')
  const of = serviceOf(action)
  const isHere = owner === '*' || (owner === account && account !== '' && of !== 'sts')
  // Everything of IAM lies in no region.
  const isEverywhere = region === '*' || (region === '' && (of === 'iam' || of === 'sts'))
  const isService = service === '*' || service === (of === 'sts' ? 'iam' : of)
  return arn === 'arn' && isHere && isEverywhere && isService && isWholeType(rest.join(':'), action)
}

const isWholeType = (rest: string, action: string): boolean => {
  const type = TYPES.find(([actions]) => actions.test(action))?.[1]
  return rest === '*' || (type !== undefined && (rest === `${type}/*` || rest === `${type}:*` || rest === `${type}*`))
}

// The actions of the ways to more rights, after the service authorization reference: the first that fits counts.
const TYPES: readonly (readonly [RegExp, string])[] = [
  [/^iam:\w{1,60}PolicyVersion$/, 'policy'],
  [/^iam:\w{0,60}Group/, 'group'],
  [/^(?:iam:\w{0,60}Role|sts:AssumeRole)/, 'role'],
  [/^iam:\w{0,60}(?:User|LoginProfile|AccessKey)/, 'user'],
  [/^lambda:(?:Update|Invoke)/, 'function'],
  [/^ec2:\w{1,60}Instances?\w{0,60}$/, 'instance'],
  [/^codebuild:/, 'project'],
  [/^cloudformation:\w{1,60}(?:Stack|ChangeSet)$/, 'stack'],
]
