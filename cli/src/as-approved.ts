import type { Client } from '@reeve/sdk/client'
import type { DerivedCommand } from './derived.ts'

/**
 * An approval is of one exact input, and a time such as `7d` is another moment at every call: with an approval, such a
 * time is the one that was approved.
 */
export const asApproved = async (
  client: Client,
  { flags }: DerivedCommand,
  input: Readonly<Record<string, unknown>>,
  isSpan: (flag: DerivedCommand['flags'][number]) => boolean,
): Promise<Readonly<Record<string, unknown>>> => {
  const spans = flags.filter((flag) => flag.kind === 'time' && flag.path.length === 1 && isSpan(flag))
  if (typeof input.approval !== 'string' || spans.length === 0) return input
  const approved = await client.lifecycle.approval.show({ approval: input.approval })
  const given: Readonly<Record<string, unknown>> = Object(approved.input)
  const moments = spans.map(({ path: [name = ''] }): [string, unknown] => [name, given[name] ?? input[name]])
  return { ...input, ...Object.fromEntries(moments) }
}
