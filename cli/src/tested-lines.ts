/** How the tests of a folder ended, as far as lines are made of it. */
export interface Tested {
  readonly tests: readonly {
    readonly name: string
    readonly isPassed: boolean
    readonly wrong: readonly string[]
    readonly place: string | null
    readonly kind: string
    readonly pairs: number | null
  }[]
  readonly coverage: Readonly<
    Record<
      'policies' | 'actions',
      { readonly total: number; readonly tested: number; readonly untested: readonly object[] }
    >
  >
}

/** A line for each test that failed: what it is called, why, and where it stands. */
export const failedLines = ({ tests }: Tested): readonly string[] =>
  tests
    .filter(({ isPassed }) => !isPassed)
    .map(({ name, wrong, place }) => `! ${place === null ? '' : `${place}: `}test "${name}": ${wrong.join('; ')}`)

/** How many passed and failed, and how much they cover, in one line. */
export const testedLine = ({ tests, coverage: { policies, actions } }: Tested): string => {
  const failed = tests.filter(({ isPassed }) => !isPassed).length
  const covered = `${policies.tested} of ${policies.total} policies and grants, ${actions.tested} of ${actions.total} actions tested`
  return tests.length === 0 ? `none; ${covered}` : `${tests.length - failed} passed, ${failed} failed; ${covered}`
}

/** How much of policies and of actions is tested, in whole percent, rounded down; of nothing, all. */
export const percentTested = ({ total, tested }: { readonly total: number; readonly tested: number }): number =>
  total === 0 ? 100 : Math.floor((tested / total) * 100)

/** That tests went away since a folder was last applied: whatever else a plan says, less of it, or nothing, was tested. */
export const lostTestsLines = ({
  tests,
  testsInForce: before,
  directory,
}: {
  readonly tests: readonly unknown[]
  readonly testsInForce: number
  readonly directory: string
}): readonly string[] => {
  if (tests.length >= before) return []
  const of = `the ${before} that ${directory} had when it was last applied`
  return tests.length === 0
    ? [
        `! no test is left of ${of}: was tests/ renamed or removed?`,
        '! apply refuses it; where it is meant: reeve apply … --without-tests',
      ]
    : [`! ${tests.length} tests are left of ${of}`]
}
