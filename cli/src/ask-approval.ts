import type { Context } from './context.ts'
import { showValue } from './show-value.ts'

/** Asks for the approval of exactly this call, and says how to go on when it is given. */
export const askApproval = async (
  context: Context,
  operation: string,
  input: Readonly<Record<string, unknown>>,
  reason: string,
): Promise<void> => {
  const client = await context.client()
  const made = await client.lifecycle.approval.request({ operation, input, reason })
  context.print(made, () => showValue(made, context.around.columns))
  context.say(
    `next: somebody else runs \`reeve approve ${made.id}\`; then repeat your command with --approval ${made.id}`,
  )
}
