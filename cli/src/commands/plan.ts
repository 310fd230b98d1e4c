import { writeFileSync } from 'node:fs'
import { readAccessDirectory } from '../access-directory.ts'
import { hasChanges, planAccess } from '../access-plan.ts'
import type { CommandSpec } from '../command.ts'
import { FORMAT_VERSION } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { inFilesOf } from '../in-files.ts'
import { planSections } from '../plan-lines.ts'
import { planMarkdown } from '../plan-markdown.ts'
import { planSchema } from '../plan-schema.ts'
import { safeJson, safeText } from '../safe-text.ts'
import { refuseSecrets } from '../secret-problems.ts'
import { wholeNumber } from '../whole-number.ts'

interface Options {
  readonly days: string
  readonly out?: string
  readonly markdown?: boolean
  readonly exitCode?: boolean
}

/** `reeve plan DIR`: what applying a folder would do, to the register and to what was really asked. */
export const plan: CommandSpec = {
  declare: (command) =>
    command
      .argument('<folder>', 'the folder with reeve.yaml')
      .option('--days <days>', 'replay the decisions of so many days', '14')
      .option('--out <file>', 'keep the plan, for `reeve apply FILE` (0600, must not exist)')
      .option('--markdown', 'as a comment for a pull request')
      .option('--exit-code', 'exit 2 when there are changes'),
  examples: ['reeve plan examples/access', 'reeve plan examples/access --exit-code --out access.plan'],
  notes:
    'With nothing changed in the folder it shows what was changed outside of it. `reeve apply` of the plan does exactly this, or exits 6 with what changed meanwhile. A plan is kept for 7 days.',
  output: { schema: planSchema() },
  run: async (context, command) => {
    const { around } = context
    const folder = command.args[0] ?? '.'
    const options = command.opts<Options>()
    const days = wholeNumber('--days', options.days, 1, 90)
    const directory = readAccessDirectory(folder)
    refuseSecrets(folder)
    for (const name of directory.left) context.say(safeText(`warning: not read: ${name}`))
    const client = await context.client()
    const progress = (done: number, total: number): void => {
      if (around.isErrTty)
        around.err(`\rreplayed ${done} of ${total} events with decisions${done >= total ? '\n' : ''}`)
    }
    const made = await inFilesOf(directory, () => planAccess(client, directory, { days, now: around.now(), progress }))
    if (options.out !== undefined)
      writeFileSync(options.out, `${safeJson({ formatVersion: FORMAT_VERSION, ...made }, 2)}\n`, {
        mode: 0o600,
        flag: 'wx',
      })
    context.print(made, () =>
      options.markdown === true
        ? planMarkdown(made, around.now())
        : planSections(made, around.now())
            .map(({ title, lines }) =>
              [title, ...lines.map((line) => `  ${line}`)].map((line) => `${safeText(line)}\n`).join(''),
            )
            .join(''),
    )
    context.say(`plan ${made.plan}; next: reeve apply ${options.out ?? made.plan}`)
    if (options.exitCode === true && hasChanges(made))
      throw new CommandError('there are changes', { exitCode: 2, next: `reeve apply ${options.out ?? made.plan}` })
  },
}
