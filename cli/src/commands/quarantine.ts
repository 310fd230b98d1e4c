import { confirm, isCancel } from '@clack/prompts'
import type { Command } from 'commander'
import { type Context, contextOf } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { showImpact, showStop } from '../show-stop.ts'
import type { Surroundings } from '../surroundings.ts'

/** The scopes from the smallest to the largest, each with its operation's noun and the name of its id. */
const SCOPES: Readonly<Record<string, { readonly noun: string; readonly idName: string }>> = {
  token: { noun: 'broker.token', idName: 'token' },
  credential: { noun: 'broker.credential', idName: 'credential' },
  instance: { noun: 'broker.instance', idName: 'instance' },
  identity: { noun: 'inventory.identity', idName: 'identity' },
  owner: { noun: 'inventory.owner', idName: 'owner' },
}

/** `reeve quarantine SCOPE ID` and `reeve release SCOPE ID`: stop a thing now, and undo it. */
export const addQuarantine = (program: Command, around: Surroundings): void => {
  const quarantine = program
    .command('quarantine')
    .description('stop a token, credential, instance, identity or everything of an owner, now')
    .argument('<scope>', Object.keys(SCOPES).join(', '))
    .argument('<id>', 'its id or unique name')
    .requiredOption('--reason <text>', 'why; it is recorded and shown to whoever is stopped')
    .option('--dry-run', 'only show what this would break')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      '\nExample:\n  reeve quarantine identity orders-sync --reason "key found in a public repository"',
    )
    .action(async (scope: string, id: string) => {
      const context = contextOf(around, quarantine)
      const options = quarantine.opts<{ reason: string; dryRun?: boolean; yes?: boolean }>()
      const call = operationOf(scope, 'quarantine', id, options.reason)
      const preview = await context.client.callByName(call.name, { ...call.input, dryRun: true })
      if (!context.isJson) around.err(`this will break:\n${showImpact(preview)}`)
      if (options.dryRun === true) return context.print(preview, () => 'nothing was changed (dry run)\n')
      await agree(context, scope, id, options.yes === true)
      const done = await context.client.callByName(call.name, call.input)
      context.print(done, () => `${showStop(done)}undo: reeve release ${scope} ${id} --reason "…"\n`)
    })
  const release = program
    .command('release')
    .description('undo a quarantine: everything is again as it was before')
    .argument('<scope>', Object.keys(SCOPES).join(', '))
    .argument('<id>', 'its id or unique name')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .addHelpText('after', '\nExample:\n  reeve release identity orders-sync --reason "key replaced"')
    .action(async (scope: string, id: string) => {
      const context = contextOf(around, release)
      const call = operationOf(scope, 'release', id, release.opts<{ reason: string }>().reason)
      const done = await context.client.callByName(call.name, call.input)
      context.print(done, () => showStop(done))
    })
}

const operationOf = (scope: string, verb: string, id: string, reason: string) => {
  const found = SCOPES[scope]
  if (found === undefined)
    throw new CommandError(`there is no scope \`${scope}\``, { next: `use one of ${Object.keys(SCOPES).join(', ')}` })
  return { name: `${found.noun}.${verb}`, input: { [found.idName]: id, reason } }
}

const agree = async (context: Context, scope: string, id: string, isYes: boolean): Promise<void> => {
  if (isYes) return
  if (!context.mayAsk)
    throw new CommandError('a quarantine is asked for on a terminal', {
      next: 'look at --dry-run, then repeat with --yes',
    })
  const answer = await confirm({ message: `Quarantine ${scope} ${id} now?` })
  if (isCancel(answer) || !answer) throw new CommandError('nothing was changed', { exitCode: 130 })
}
