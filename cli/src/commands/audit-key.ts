import type { CommandSpec } from '../command.ts'
import { safeText } from '../safe-text.ts'

/** `reeve audit key`: the public key that exports are verified with. */
export const auditKey: CommandSpec = {
  examples: ['reeve audit key > audit.vkey', 'reeve audit key --json'],
  notes: 'Keep it, and the checkpoint that --json shows, apart from the server.',
  output: { operation: 'observe.checkpoint.show' },
  run: async (context) => {
    const client = await context.client()
    const shown = await client.observe.checkpoint.show()
    context.print(shown, () => `${safeText(shown.vkey)}\n`)
  },
}
