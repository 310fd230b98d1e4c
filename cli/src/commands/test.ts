import { readAccessDirectory } from '../access-directory.ts'
import type { CommandSpec } from '../command.ts'
import { CommandError } from '../exit-code.ts'
import { inFilesOf } from '../in-files.ts'
import { safeText } from '../safe-text.ts'
import { refuseSecrets } from '../secret-problems.ts'
import { renderTable } from '../table.ts'
import { failedLines, percentTested, type Tested, testedLine } from '../tested-lines.ts'
import { wholeNumber } from '../whole-number.ts'

const OPERATION = 'policy.access.test'

/** `reeve test DIR`: judges the tests of a folder as if it were applied. */
export const test: CommandSpec = {
  declare: (command) =>
    command
      .argument('<folder>', 'the folder with reeve.yaml')
      .option('--coverage-min <percent>', 'exit 1 also when less of the policies, or of the actions, is tested', '0'),
  examples: ['reeve test examples/access', 'reeve test examples/access --coverage-min 80 --json'],
  notes:
    'Reads tests/*.yaml of the folder. Changes nothing and needs no approval. Exits 1 when a test fails.\nA policy that decides in no test is warned of (lint `untested`).',
  output: { operation: OPERATION },
  run: async (context, command) => {
    const folder = command.args[0] ?? '.'
    const least = wholeNumber('--coverage-min', command.opts<{ coverageMin: string }>().coverageMin, 0, 100)
    const directory = readAccessDirectory(folder)
    refuseSecrets(folder)
    for (const name of directory.left) context.say(safeText(`warning: not read: ${name}`))
    const client = await context.client()
    const { input, origins } = directory
    const answer = await inFilesOf(directory, () => client.callByName(OPERATION, { ...input, origins }))
    const tested = TestAnswer(answer)
    context.print(tested, () => {
      const rows = tested.tests.map(({ name, isPassed, place, pairs }) => [
        isPassed ? 'pass' : 'FAIL',
        pairs === null ? name : `${name} (${pairs} pairs of identity and action)`,
        place ?? '',
      ])
      const table = rows.length === 0 ? '' : renderTable(['', 'TEST', 'WHERE'], rows, context.around.columns)
      return `${table}${testedLine(tested)}\n`
    })
    for (const warning of warnings(tested)) context.say(safeText(warning))
    const { policies, actions } = tested.coverage
    const failed = failedLines(tested).map((line) => line.replace(/^! /, ''))
    if (failed.length > 0)
      throw new CommandError(`${failed.length} of ${tested.tests.length} tests fail`, {
        lines: failed,
        next: 'correct the tests or the folder there; `reeve apply` refuses it as it is',
      })
    if (percentTested(policies) < least || percentTested(actions) < least)
      throw new CommandError(
        `tested are ${percentTested(policies)}% of the policies and grants and ${percentTested(actions)}% of the actions, and not ${least}%`,
        { next: 'write tests for what the warnings name' },
      )
  },
}

const warnings = ({ tests, coverage: { policies, actions } }: TestedAnswer): readonly string[] => [
  ...policies.untested.map(({ name, place }) => `warning: untested: ${name} decides in no test${at(place)}`),
  ...actions.untested.map(
    ({ resource, action, place }) => `warning: untested: no test asks for ${action} on ${resource}${at(place)}`,
  ),
  ...tests
    .filter(({ pairs, isPassed }) => pairs === 0 && isPassed)
    .map(({ name, place }) => `warning: the property "${name}" speaks of nothing that is there${at(place)}`),
]

const at = (place: string | null): string => (place === null ? '' : ` (${place})`)

interface TestedAnswer extends Tested {
  readonly coverage: {
    readonly policies: Covered<{ readonly name: string; readonly place: string | null }>
    readonly actions: Covered<{ readonly resource: string; readonly action: string; readonly place: string | null }>
  }
}

interface Covered<One extends object> {
  readonly total: number
  readonly tested: number
  readonly untested: readonly One[]
}

const NONE = { total: 0, tested: 0, untested: [] }

// The server's answer is held to its schema by its own tests; here only its outline is made sure of.
const TestAnswer = (answer: unknown): TestedAnswer => {
  const record = typeof answer === 'object' && answer !== null ? answer : {}
  return { tests: [], coverage: { policies: NONE, actions: NONE }, ...record }
}
