import { auditLine, auditTable, type ListedEvent } from '../audit-table.ts'
import type { CommandSpec } from '../command.ts'
import type { Context } from '../context.ts'
import { safeJson, safeText } from '../safe-text.ts'
import { wholeNumber } from '../whole-number.ts'

const LIMIT_MAX = 200
const POLL_MS = 1_000

/** `reeve audit tail`: the newest entries, oldest first; with -f it goes on as they come. */
export const tailAudit: CommandSpec = {
  declare: (command) =>
    command
      .option('--limit <number>', `how many, 1 to ${LIMIT_MAX}`, '20')
      .option('-f, --follow', 'go on with what comes; with --json one entry a line'),
  examples: ['reeve audit tail', 'reeve audit tail -f'],
  output: { operation: 'observe.event.tail' },
  run: async (context, command) => {
    const options = command.opts<{ limit: string; follow?: boolean }>()
    const limit = wholeNumber('--limit', options.limit, 1, LIMIT_MAX)
    const client = await context.client()
    const page = await client.observe.event.tail({ limit })
    if (options.follow !== true) return context.print(page, () => auditTable(page.items, context.around.columns))
    let last = -1
    for (let items: readonly ListedEvent[] = page.items; ; ) {
      for (const event of items) {
        context.around.out(`${context.isJson ? safeJson(event) : auditLine(event).map(safeText).join('  ')}\n`)
        last = event.seq
      }
      if (items.length < LIMIT_MAX) await waited(context)
      items = (await client.observe.event.tail({ after: last, limit: LIMIT_MAX })).items
    }
  },
}

const waited = ({ around }: Context): Promise<void> =>
  new Promise((resolve) => void around.clock.after(POLL_MS, resolve))
