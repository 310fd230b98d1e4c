import type { Command } from 'commander'
import { contextOf } from '../context.ts'
import { readInput } from '../read-input.ts'
import { showValue } from '../show-value.ts'
import type { Surroundings } from '../surroundings.ts'

/** `reeve request`, `reeve approve`, `reeve refuse`: the decisions of people. */
export const addDecide = (program: Command, around: Surroundings): void => {
  const request = program
    .command('request')
    .description('ask for the approval of one exact call of an operation')
    .argument('<operation>', 'for example policy.grant.create')
    .requiredOption('--body <file>', 'the exact input that is to be approved, as JSON, or -')
    .requiredOption('--reason <text>', 'why it is needed')
    .action(async (operation: string) => {
      const context = contextOf(around, request)
      const { body, reason } = request.opts<{ body: string; reason: string }>()
      const made = await context.client.callByName('lifecycle.approval.request', {
        operation,
        input: await readInput(around, body),
        reason,
      })
      context.print(made, () => showValue(made, around.columns))
    })
  for (const verb of ['approve', 'refuse'] as const) {
    const command = program
      .command(verb)
      .description(`${verb} a request`)
      .argument('<approval>', 'its id (apr_…)')
      .option('--reason <text>', 'why')
      .action(async (approval: string) => {
        const context = contextOf(around, command)
        const done = await context.client.callByName(`lifecycle.approval.${verb}`, { approval, ...command.opts() })
        context.print(done, () => showValue(done, around.columns))
      })
  }
}
