import type { Command } from 'commander'
import { contextOf } from '../context.ts'
import { showValue } from '../show-value.ts'
import type { Surroundings } from '../surroundings.ts'

/** `reeve can WHO ACTION RESOURCE`: what the policy would answer now, with the reason. */
export const addCan = (program: Command, around: Surroundings): void => {
  const can = program
    .command('can')
    .description('whether an identity may do something now, and why')
    .argument('<who>', 'the identity')
    .argument('<action>', 'for example orders.read')
    .argument('<resource>', 'its name or URI')
    .addHelpText('after', '\nExample:\n  reeve can orders-sync orders.write orders-api')
    .action(async (identity: string, action: string, resource: string) => {
      const context = contextOf(around, can)
      const answer = await context.client.callByName('policy.decision.can', { identity, action, resource })
      context.print(answer, () => showValue(answer, around.columns))
    })
}
