import type { CommandSpec } from '../command.ts'
import { confirmed } from '../confirm.ts'
import { safeText } from '../safe-text.ts'
import { showTime } from '../show-value.ts'

/** `reeve device approve CODE`: says from where the login came, asks, and approves it. */
export const approveDevice: CommandSpec = {
  declare: (command) =>
    command.argument('<code>', 'the code that the waiting machine shows').option('--yes', 'do not ask'),
  examples: ['reeve device approve WDJB-MJHT'],
  notes:
    'That machine then acts as you, with all your roles, while the session that you approve it with lives, for 8 hours at most. Approve only what you began yourself, a moment ago;\n`reeve device refuse CODE` turns it away, `reeve session list` and `reeve session end ID` undo it.',
  output: { operation: 'lifecycle.device.approve' },
  run: async (context, command) => {
    const [device = ''] = command.args
    const client = await context.client()
    const { ip, region, userAgent, createdAt } = await client.lifecycle.device.show({ device })
    const from = [ip ?? 'an unknown address', region, userAgent].filter((part) => part !== null).join(', ')
    context.say(`this login was asked for from ${safeText(from)}, at ${safeText(showTime(createdAt))}`)
    if (command.opts<{ yes?: boolean }>().yes !== true)
      await confirmed(context, `approve device ${device}: whoever began it acts as you, for 8 hours at most`)
    const approved = await client.lifecycle.device.approve({ device })
    context.print(approved, () => '')
    context.say('approved: it opens one session there\nnext: reeve session list')
  },
}
