import type { CommandSpec } from '../command.ts'
import { confirmed } from '../confirm.ts'
import { CommandError } from '../exit-code.ts'
import { safeText } from '../safe-text.ts'
import { showImpact, showStop } from '../show-stop.ts'
import { SCOPES, stopTarget } from '../stop-scopes.ts'

const IDS =
  'A token is a file or -, an instance is IDENTITY/INSTANCE, an issuer its URL; the others are an id or a unique name.'

const OUTPUT = {
  schema: {
    description: 'what the operation of the scope answers, such as inventory.identity.quarantine',
    type: 'object',
    required: ['unconfirmed'],
    properties: { unconfirmed: { type: 'array', items: { type: 'object' } }, seq: { type: ['integer', 'null'] } },
  },
}

/** `reeve quarantine SCOPE ID`: says what it will break, asks, and stops a thing now. */
export const quarantine: CommandSpec = {
  declare: (command) =>
    command
      .argument('<scope>', SCOPES.join(', '))
      .argument('<id>', 'what is to be stopped')
      .requiredOption('--reason <text>', 'why; it is recorded and shown to whoever is stopped')
      .option('--dry-run', 'only say what this would break')
      .option('--yes', 'do not ask'),
  examples: [
    'reeve quarantine identity orders-sync --reason "key in a public repository"',
    'reeve quarantine instance orders-sync/pod-7 --reason "odd calls" --yes',
    'reeve quarantine token - --reason "sent to a chat" --yes < token.jwt',
  ],
  notes: `${IDS}\nStop the smallest thing that helps: token, credential, instance, identity, owner, issuer.`,
  output: {
    schema: {
      description: 'what the operation of the scope answers, or with --dry-run what it would',
      type: 'object',
    },
  },
  run: async (context, command) => {
    const [scope = '', id = ''] = command.args
    const { reason, ...options } = command.opts<{ reason: string; dryRun?: boolean; yes?: boolean }>()
    const target = await stopTarget(context.around, scope, id)
    const client = await context.client()
    const preview = target.hasDryRun
      ? Object(await client.callByName(`${target.noun}.quarantine`, { ...target.input, reason, dryRun: true }))
      : { isDryRun: true, ...target.input, token: undefined, wouldBreak: await target.look(client) }
    const impact = target.hasDryRun ? showImpact(preview) : `  ${safeText(preview.wouldBreak)}\n`
    // Then it is the answer; else it is said before the question.
    if (options.dryRun === true) {
      context.print(preview, () => `this would break:\n${impact}`)
      return context.say('nothing was changed (dry run)')
    }
    context.say(`this will break:\n${impact}`)
    // All of an owner or an issuer at once is severe: its name must be typed.
    if (options.yes !== true)
      await confirmed(context, `quarantine ${scope} ${id}`, scope === 'owner' || scope === 'issuer' ? id : undefined)
    const done = Object(await client.callByName(`${target.noun}.quarantine`, { ...target.input, reason }))
    // Whatever answers 200 between here and the server must not pass for a containment.
    if (typeof done.seq !== 'number' || !Array.isArray(done.unconfirmed))
      throw new CommandError(`nothing confirms that ${scope} ${id} is stopped: the answer is not one of Reeve's`, {
        exitCode: 2,
        next: `check --server, then \`reeve why ID\` and quarantine it again`,
      })
    context.print(
      done,
      () => `${showStop(done, `${scope} ${id}`, 'quarantined')}undo: reeve release ${scope} ${id} --reason "…"\n`,
    )
  },
}

/** `reeve release SCOPE ID`: undoes it. */
export const release: CommandSpec = {
  declare: (command) =>
    command
      .argument('<scope>', SCOPES.join(', '))
      .argument('<id>', 'what was stopped')
      .requiredOption('--reason <text>', 'why; it is recorded')
      .option('--approval <id>', 'of an issuer: an approval of exactly this')
      .option('--ask-approval <reason>', 'do not release; ask for the approval of exactly this'),
  examples: ['reeve release identity orders-sync --reason "key replaced"'],
  notes: IDS,
  output: OUTPUT,
  run: async (context, command) => {
    const [scope = '', id = ''] = command.args
    const { askApproval, ...given } = command.opts<{ reason: string; approval?: string; askApproval?: string }>()
    const target = await stopTarget(context.around, scope, id)
    const [name, input] = [`${target.noun}.release`, { ...target.input, ...given }]
    if (askApproval !== undefined) {
      const ask = await import('../ask-approval.ts')
      return ask.askApproval(context, name, input, askApproval)
    }
    const client = await context.client()
    const done = Object(await client.callByName(name, input))
    context.print(done, () => showStop(done, `${scope} ${id}`, 'released'))
  },
}
