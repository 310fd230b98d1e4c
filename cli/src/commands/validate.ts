import { Option } from 'commander'
import { readAccessDirectory, unreadReason } from '../access-directory.ts'
import { type AccessProblem, type LintSeverity, SEVERITIES, unreadProblem, validateAccess } from '../access-review.ts'
import type { CommandSpec } from '../command.ts'
import { CommandError } from '../exit-code.ts'
import { lintLines } from '../lint-lines.ts'
import { safeText } from '../safe-text.ts'

const FAIL_ON = [...SEVERITIES, 'never'] as const

/** `reeve validate DIR`: everything that is wrong with a folder at once, and what its policies are likely not to mean. */
export const validate: CommandSpec = {
  declare: (command) =>
    command
      .argument('<folder>', 'the folder with reeve.yaml')
      .addOption(
        new Option('--fail-on <severity>', 'exit 8 when a lint is at least this bad').choices(FAIL_ON).default('high'),
      ),
  examples: ['reeve validate examples/access', 'reeve validate examples/access --fail-on low'],
  notes:
    'Exits 8 when anything is wrong. Files against their schema, names against the register, policies by Cedar and by\nlints (docs/reference/lints.md). Changes nothing and needs no approval.',
  output: { operation: 'policy.access.validate' },
  run: async (context, command) => {
    const folder = command.args[0] ?? '.'
    const { failOn } = command.opts<{ failOn: LintSeverity | 'never' }>()
    const unread: AccessProblem[] = []
    const directory = readAccessDirectory(folder, (place, why) => {
      unread.push(unreadProblem(place, unreadReason(why)))
    })
    for (const name of directory.left) context.say(safeText(`warning: not read: ${name}`))
    const review = await validateAccess(await context.client(), directory)
    const problems = [...unread, ...review.problems]
    if (!review.areLintsComplete) context.say('warning: too many policies to compare each with every other')
    const isValid = problems.length === 0
    context.print({ ...review, isValid, problems }, () =>
      [
        ...problems.map(({ part, place, message }) => `${place ?? part}: ${message}`),
        ...lintLines(review.lints),
        `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}, ${review.lints.length} lints`,
      ]
        .map((line) => `${safeText(line)}\n`)
        .join(''),
    )
    const bad = failOn === 'never' ? [] : review.lints.filter(({ severity }) => isAsBad(severity, failOn))
    if (!isValid || bad.length > 0)
      throw new CommandError(isValid ? `${bad.length} lints are ${failOn} or worse` : 'the folder is not valid', {
        exitCode: 8,
        next: 'correct the places above; nothing was changed',
      })
  },
}

const isAsBad = (severity: LintSeverity, than: LintSeverity): boolean =>
  SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(than)
