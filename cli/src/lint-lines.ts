import type { validateAccess } from './access-review.ts'

type Lint = Awaited<ReturnType<typeof validateAccess>>['lints'][number]

/** What lints tell, a line each with its place, and what to do about it below. */
export const lintLines = (lints: readonly Lint[]): readonly string[] =>
  lints.flatMap(({ lint, severity, policy, place, message, fix }) => [
    `${place ?? policy}: ${severity} ${lint}: ${policy}: ${message}`,
    `  fix: ${fix}`,
  ])
