import { readAccessDirectory } from '../access-directory.ts'
import type { CommandSpec } from '../command.ts'
import type { Context } from '../context.ts'
import { inFilesOf } from '../in-files.ts'
import { readPlanId } from '../plan-id.ts'
import { safeText } from '../safe-text.ts'
import { refuseSecrets } from '../secret-problems.ts'

const OPERATION = 'policy.access.apply'

interface Options {
  readonly dryRun?: boolean
  readonly commit?: string
  readonly author?: string
  readonly withoutTests?: boolean
  readonly approval?: string
  readonly askApproval?: string
}

/** `reeve apply DIR`: makes the server as a folder declares, or only says what would change. */
export const apply: CommandSpec = {
  declare: (command) =>
    command
      .argument('<folder>', 'the folder with reeve.yaml; or a plan: its id, or its file')
      .option('--dry-run', 'only show what would change')
      .option('--commit <id>', 'the commit that is applied, for the record; else what git or the CI says')
      .option('--author <name>', 'who wrote it, for the record; else what git or the CI says')
      .option('--without-tests', 'also where it had tests when it was last applied and has none now')
      .option('--approval <id>', 'an approval of exactly this')
      .option('--ask-approval <reason>', 'do not apply; ask for the approval of exactly this'),
  examples: ['reeve apply examples/access --dry-run', 'reeve apply examples/access', 'reeve apply access.plan'],
  notes: 'All or nothing. What a folder made and no longer declares is ended.',
  output: { operation: OPERATION },
  run: async (context, command) => {
    const folder = command.args[0] ?? '.'
    const { commitOf } = await import('../commit-of.ts')
    await run(context, folder, {
      ...commitOf(context.around, readPlanId(folder) === undefined ? folder : '.'),
      ...command.opts<Options>(),
    })
  },
}

const run = async (context: Context, folder: string, { askApproval, ...options }: Options): Promise<void> => {
  const plan = readPlanId(folder)
  const { input, origins, left } = plan === undefined ? readAccessDirectory(folder) : planned(plan)
  if (plan === undefined) refuseSecrets(folder)
  for (const name of left) context.say(safeText(`warning: not read: ${name}`))
  if (askApproval !== undefined) {
    const ask = await import('../ask-approval.ts')
    return ask.askApproval(context, OPERATION, { ...input, ...options }, askApproval)
  }
  const client = await context.client()
  const done = Applied(await inFilesOf({ origins }, () => client.callByName(OPERATION, { ...input, ...options })))
  context.print(done, () => {
    const lines = done.objects
      .filter(({ verb }) => verb !== 'unchanged')
      .map(({ type, name, verb, fields }) => {
        const changed = verb === 'changed' ? ` (${fields.map(({ field }) => field).join(', ')})` : ''
        return `${safeText(`  ${SIGNS[verb] ?? ' '} ${type} ${name}${changed}`)}\n`
      })
    const count = (verb: string) => done.objects.filter((object) => object.verb === verb).length
    const total = VERBS.map((verb) => `${count(verb)} ${verb}`).join(', ')
    return `${lines.join('')}${done.dryRun ? 'would be ' : ''}${total}; policy revision ${done.revision}\n`
  })
  for (const { name, before, after, refused } of done.regraded)
    context.say(safeText(`tier of ${name}: ${[`${before} to ${after}`, ...refused].join('; ')}`))
  if (done.needsApproval.length > 0) context.say(`needs an approval: ${done.needsApproval.map(safeText).join('; ')}`)
  if (done.dryRun) context.say(`nothing was changed; next: reeve apply ${folder}`)
}

// The server has the directory of a plan, and applies that one.
const planned = (plan: string) => ({ input: { plan }, origins: {}, left: [] })

const VERBS = ['created', 'changed', 'removed', 'unchanged']
const SIGNS: Readonly<Record<string, string>> = { created: '+', changed: '~', removed: '-', left: '=' }

interface AppliedAnswer {
  readonly dryRun: boolean
  readonly revision: string
  readonly needsApproval: readonly string[]
  readonly regraded: readonly {
    readonly name: string
    readonly before: string
    readonly after: string
    readonly refused: readonly string[]
  }[]
  readonly objects: readonly {
    readonly type: string
    readonly name: string
    readonly verb: string
    readonly fields: readonly { readonly field: string }[]
  }[]
}

// The server's answer is held to its schema by its own tests; here only its outline is made sure of.
const Applied = (answer: unknown): AppliedAnswer => {
  const record = typeof answer === 'object' && answer !== null ? answer : {}
  return { dryRun: false, revision: '', needsApproval: [], regraded: [], objects: [], ...record }
}
