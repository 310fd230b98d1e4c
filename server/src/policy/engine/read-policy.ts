import type { PolicyEst } from '@reeve/cedar'
import { type AttributePath, attributePaths } from './attribute-path.ts'
import { type ParseError, parsePolicy } from './policy-parser.ts'
import { bracketDepth, placeOfByte } from './policy-text.ts'
import type { PolicyProblem, SourcePolicy } from './source-policy.ts'

/** A policy that was parsed: what deciding and explaining need of it. */
export interface ReadPolicy {
  id: string
  source: SourcePolicy
  effect: PolicyEst['effect']
  isCritical: boolean
  paths: AttributePath[]
  /** Different for every policy ever read, so that prepared slices are never mistaken for each other. */
  serial: number
}

/** Parses one policy, or says what is wrong with it; the parsed form is for the evaluator, and not kept. */
export const readPolicy = (
  source: SourcePolicy,
): { policy: ReadPolicy; est: PolicyEst } | { problem: PolicyProblem } => {
  const problem = (message: string): { problem: PolicyProblem } => ({ problem: { policy: source.id, message } })
  if (!ID.test(source.id)) return problem('the id must be 1 to 200 letters, digits or . _ : / @ # + ~ -')
  const malformed = textProblem(source.text)
  if (malformed) return problem(malformed)
  const parsed = isCompiled(source) ? { est: source.compiled } : parse(source)
  if ('problem' in parsed) return parsed
  const { est } = parsed
  if (depthOf(est.conditions) > EXPRESSION_DEPTH_MAX)
    return problem('a condition is too deep: use a set and contains instead of a long chain of || or &&')
  const isCritical = source.isCritical === true || isAnnotatedCritical(est)
  if (isCritical && est.effect === 'permit') return problem('only a forbid can be critical')
  // The parsed form of a grant is larger than its text and is not needed again.
  const { compiled: _, ...kept } = source
  const read = {
    id: source.id,
    source: kept,
    effect: est.effect,
    isCritical,
    paths: attributePaths(est),
    serial: ++serials,
  }
  return { policy: read, est }
}

/** Whether the server brought the parsed form of this policy itself, so that it needs no parser and no type check. */
const isCompiled = (source: SourcePolicy): source is SourcePolicy & { compiled: PolicyEst } =>
  (source.kind === 'grant' || source.kind === 'builtin') && source.compiled !== undefined

/**
 * Whether the type checker looks at it. The built-in rules are checked by a test, under every schema that this server
 * makes: again at each start and each change of a resource would be a fifth of a start's work. Whoever makes a schema
 * anew has it judged by `checkSchema`.
 */
export const isChecked = (source: SourcePolicy): boolean => !isCompiled(source) && source.kind !== 'builtin'

/** What the official engine complains about, in our words and with its place in the policy's file. */
export const officialProblem = (source: SourcePolicy, error: ParseError): PolicyProblem => {
  const [message = '', help] = [error.message, error.help].map((said) => said?.replace(PREAMBLE, ''))
  const full = { policy: source.id, message: help ? `${message} (${help})` : message }
  const start = error.sourceLocations?.[0]?.start
  if (start === undefined) return full
  const { line, column } = placeOfByte(source.text, start)
  return { ...full, line: line + (source.origin.line ?? 1) - 1, column }
}

const ID = /^[A-Za-z0-9][A-Za-z0-9._:/@#+~-]{0,199}$/
const PREAMBLE = /^(?:failed to parse policy(?: with id `[^`]*`)? from string: |for policy `[^`]*`, )/
const TEXT_BYTES_MAX = 65_536
// The official engine's stack overflows at about 200 brackets, and at about 300 levels of an expression.
const BRACKET_DEPTH_MAX = 48
const EXPRESSION_DEPTH_MAX = 128 * 2
let serials = 0

const textProblem = (text: string): string | undefined => {
  if (text.trim() === '') return 'the policy is empty'
  if (Buffer.byteLength(text) > TEXT_BYTES_MAX) return `the policy is longer than ${TEXT_BYTES_MAX} bytes`
  if (!text.isWellFormed() || text.includes('\uFFFD')) return 'the policy is not valid UTF-8'
  if (text.includes('\0')) return 'the policy holds a NUL character'
  if (bracketDepth(text) > BRACKET_DEPTH_MAX) return `brackets nest deeper than ${BRACKET_DEPTH_MAX} levels`
  return undefined
}

const parse = (source: SourcePolicy): { est: PolicyEst } | { problem: PolicyProblem } => {
  const parsed = parsePolicy(source.text)
  if (parsed === undefined) return { problem: { policy: source.id, message: 'the policy is too complex to be read' } }
  if ('est' in parsed) return parsed
  const [error] = parsed.errors
  return {
    problem: error ? officialProblem(source, error) : { policy: source.id, message: 'the policy cannot be read' },
  }
}

const isAnnotatedCritical = (est: PolicyEst): boolean => {
  const annotation = est.annotations && Object.hasOwn(est.annotations, 'critical') ? est.annotations.critical : 'false'
  return annotation !== 'false'
}

// Counts levels of objects; each operator is two. Stops counting once it is clear that it is too deep.
const depthOf = (value: unknown, depth = 0): number => {
  if (typeof value !== 'object' || value === null || depth > EXPRESSION_DEPTH_MAX) return depth
  let deepest = depth
  for (const part of Object.values(value)) deepest = Math.max(deepest, depthOf(part, depth + 1))
  return deepest
}
