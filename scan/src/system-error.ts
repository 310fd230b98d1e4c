import type { ProblemReason } from './report.ts'

/** Why something could not be read, in the words of a report: the reason, and its sentence. */
export const reasonOf = (error: unknown): readonly [ProblemReason, string] =>
  REASONS.get(codeOf(error)) ?? ['unreadable', `the system answered ${codeOf(error) || 'with an unknown error'}`]

/** The code of an error of the system, `ENOENT` say; empty where it has none. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

const REASONS = new Map<string, readonly [ProblemReason, string]>([
  ['ENOENT', ['vanished', 'not there, or deleted while the scan ran']],
  ['ENOTDIR', ['vanished', 'a folder on the way stopped being one']],
  ['EACCES', ['permission-denied', 'the scan may not read it']],
  ['EPERM', ['permission-denied', 'the scan may not read it']],
  ['ELOOP', ['link-circular', 'it became a link, or its links lead in a circle']],
  ['ENAMETOOLONG', ['unreadable', 'the path is longer than the system allows']],
])
