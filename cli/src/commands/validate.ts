import { Option } from 'commander'
import { readAccessDirectory, readWorkflowParts, unreadReason } from '../access-directory.ts'
import {
  type LintSeverity,
  lintApplied,
  type Review,
  SEVERITIES,
  unreadProblem,
  validateAccess,
} from '../access-review.ts'
import type { CommandSpec } from '../command.ts'
import { CommandError } from '../exit-code.ts'
import { lintLines } from '../lint-lines.ts'
import { safeText } from '../safe-text.ts'
import { secretProblems } from '../secret-problems.ts'
import { validateSchema } from '../validate-schema.ts'
import { reviewWorkflows, type WorkflowFix, type WorkflowProblem } from '../workflow-review.ts'

const FAIL_ON = [...SEVERITIES, 'never'] as const

interface Options {
  readonly failOn: LintSeverity | 'never'
  readonly workflows?: string
  readonly local?: boolean
}

/** `reeve validate DIR`: everything that is wrong with a folder at once, and what its policies are likely not to mean. */
export const validate: CommandSpec = {
  declare: (command) =>
    command
      .argument('<folder>', 'the folder with reeve.yaml')
      .addOption(
        new Option('--fail-on <severity>', 'exit 8 when a lint is at least this bad').choices(FAIL_ON).default('high'),
      )
      .option('--workflows <dir>', 'also compare the GitHub workflows there with what the folder declares of them')
      .option('--local', 'only what needs no server: that the files can be read, secrets, workflows'),
  examples: [
    'reeve validate examples/access --fail-on low',
    'reeve validate .reeve --workflows .github/workflows --local',
  ],
  notes:
    'Exits 8 when anything is wrong. Files against their schema, names against the register, policies by Cedar, and all of it by lints (docs/reference/lints.md). Changes nothing and needs no approval.',
  output: { schema: validateSchema() },
  run: async (context, command) => {
    const folder = command.args[0] ?? '.'
    const { failOn, workflows, local } = command.opts<Options>()
    const unread: (Review['problems'][number] | WorkflowProblem)[] = []
    const tell = (place: string, why: string): void => {
      unread.push(unreadProblem(place, unreadReason(why)))
    }
    const directory = readAccessDirectory(folder, tell)
    const parts = readWorkflowParts(folder, tell)
    const compared =
      workflows === undefined ? NONE : reviewWorkflows(workflows, parts, new Set(namesOf(directory.input.identities)))
    for (const name of directory.left) context.say(safeText(`warning: not read: ${name}`))
    const secrets = secretProblems(folder)
    // What holds a secret is not sent anywhere.
    const isAsked = local !== true && secrets.length === 0
    const asked = isAsked ? await validateAccess(await context.client(), directory) : UNASKED
    const problems = [...unread, ...secrets, ...asked.problems, ...compared.problems]
    // What grants come to, and what tests cover, only a whole that can be applied tells.
    const isWhole = isAsked && unread.length === 0 && asked.isValid
    const applied = isWhole ? await lintApplied(await context.client(), directory) : []
    const review = { ...asked, lints: [...asked.lints, ...applied] }
    if (!review.areLintsComplete) context.say('warning: too many policies to compare each with every other')
    const isValid = problems.length === 0
    context.print({ ...review, isValid, problems, fixes: compared.fixes }, () =>
      [
        ...problems.map(({ part, place, message }) => `${place ?? part}: ${message}`),
        ...compared.fixes.flatMap(fixLines),
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

const NONE = { problems: [], fixes: [] }
const UNASKED: Review = { isValid: true, problems: [], lints: [], areLintsComplete: true }

const namesOf = (declared: unknown): readonly string[] =>
  Array.isArray(declared) ? declared.map((one) => String(Object(one).name)) : []

const fixLines = ({ file, text }: WorkflowFix): readonly string[] => [
  `for these workflows ${file} must say:`,
  ...text
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`),
]

const isAsBad = (severity: LintSeverity, than: LintSeverity): boolean =>
  SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(than)
