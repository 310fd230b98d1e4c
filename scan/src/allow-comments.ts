import type { ScannedFile } from './file.ts'
import { ownCopy } from './own-copy.ts'

/** Whether a comment beside a line allows a finding of a rule there; the answer is the comment's kind. */
export type AllowedBy = (rule: string, line: number) => string | undefined

/**
 * The lines of a file with an allow comment, ours or another scanner's, which allows secrets only.
 * INVARIANT: what is returned is kept until the scan ends, and must not hold the file by a piece of its text, which V8
 * keeps as a window on the whole.
 */
export const readAllowComments = (file: ScannedFile): ReadonlyMap<number, string> => {
  const marked = new Map<number, string>()
  if (!PARTS.some((part) => file.bytes.includes(part))) return marked
  const text = file.latin1()
  if (!MARKS.some((mark) => text.includes(mark))) return marked
  for (const [index, line] of text.split('\n').entries()) {
    if (MARKS.some((mark) => line.includes(mark))) marked.set(index + 1, ownCopy(line))
  }
  return marked
}

/** What marked lines allow. */
export const allowedBy =
  (marked: ReadonlyMap<number, string>): AllowedBy =>
  (rule, line) =>
    allowedHere(rule, marked.get(line) ?? '') || allowedNext(rule, marked.get(line - 1) ?? '') || undefined

const FOREIGN = [
  'gitleaks:allow',
  'secretlint-disable-line',
  'pragma: allowlist secret',
  'trufflehog:ignore',
  'ggignore',
]
const FOREIGN_NEXT = ['secretlint-disable-next-line', 'pragma: allowlist nextline secret']
const MARKS = ['reeve:allow', ...FOREIGN, ...FOREIGN_NEXT]
// Every mark has one of them. They begin with a character that stands seldom, and are so short that only that is looked
// for: three times as fast.
const PARTS = [':allow', ': allo', '-disab', ':ignor', 'ggigno'].map((part) => Buffer.from(part))

const OURS = /reeve:allow(-next-line)?(?:[ \t]{1,4}([a-z0-9/, -]{1,200}))?/

const allowedHere = (rule: string, line: string): string | undefined => {
  const ours = OURS.exec(line)
  if (ours && ours[1] === undefined && names(ours[2], rule)) return 'reeve:allow'
  return rule.startsWith('secrets/') ? FOREIGN.find((mark) => line.includes(mark)) : undefined
}

const allowedNext = (rule: string, line: string): string | undefined => {
  const ours = OURS.exec(line)
  if (ours?.[1] !== undefined && names(ours[2], rule)) return 'reeve:allow-next-line'
  return rule.startsWith('secrets/') ? FOREIGN_NEXT.find((mark) => line.includes(mark)) : undefined
}

// Without a rule's name everything is allowed; behind `--` stands the reason.
const names = (list: string | undefined, rule: string): boolean => {
  const named = (list?.split(/ ?-- ?/)[0] ?? '')
    .split(/[ ,]+/)
    .filter((word) => word.includes('/') || RULE_FAMILIES.has(word))
  return named.length === 0 || named.some((name) => rule === name || rule.startsWith(`${name}/`))
}

const RULE_FAMILIES = new Set(['secrets', 'settings', 'ci', 'compose', 'aws', 'terraform', 'posture'])
