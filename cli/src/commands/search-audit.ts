import { Option } from 'commander'
import { auditTable } from '../audit-table.ts'
import type { CommandSpec } from '../command.ts'
import { CommandError } from '../exit-code.ts'
import { readTime } from '../flag-value.ts'
import { wholeNumber } from '../whole-number.ts'

const FILTERS = {
  kind: 'what was done, such as broker.token.issue',
  actor: 'who did it: an id',
  on: 'what it was done to: an id',
  decision: 'a decision id',
} as const

/** `reeve audit search`: entries by what happened, to what, by whom and when. */
export const searchAudit: CommandSpec = {
  declare: (command) => {
    for (const [name, help] of Object.entries(FILTERS)) command.option(`--${name} <text>`, help)
    command
      .addOption(new Option('--outcome <outcome>', 'how it ended').choices(['done', 'dry-run', 'refused', 'failed']))
      .option('--from <time>', 'not before, such as 2027-01-31T12:00:00Z')
      .option('--to <time>', 'not after')
      .option('--limit <number>', 'how many a page, 1 to 200', '50')
      .option('--cursor <text>', 'where the last page ended')
  },
  examples: ['reeve audit search --kind broker.token.issue --outcome refused'],
  output: { operation: 'observe.event.search' },
  run: async (context, command) => {
    const { limit, from, to, ...filters } = command.opts<Record<string, string>>()
    const client = await context.client()
    const page = await client.callByName('observe.event.search', {
      ...filters,
      ...moment('from', from, context.around.now()),
      ...moment('to', to, context.around.now()),
      limit: wholeNumber('--limit', limit ?? '50', 1, 200),
    })
    const { items = [], nextCursor } = Object(page)
    context.print(Object(page), () => (items.length === 0 ? '' : auditTable(items, context.around.columns)))
    if (context.isJson) return
    if (items.length === 0)
      context.say(`nothing here${['actor', 'on'].map((name) => notAnId(name, filters[name])).join('')}`)
    if (typeof nextCursor === 'string') context.say(`there is more: --cursor ${nextCursor}`)
  },
}

// A name is no id, and a log in which nothing is found reads as one in which nothing was done.
const notAnId = (name: string, given: string | undefined): string =>
  given === undefined || /^[a-z]{2,6}_[\w-]+$/.test(given) ? '' : `; --${name} takes an id, such as nhi_7Zq2dM4s`

const moment = (name: string, text: string | undefined, now: Date): Record<string, unknown> => {
  if (text === undefined) return {}
  const read = readTime(text, now)
  if ('problem' in read) throw new CommandError(`--${name} ${read.problem}`)
  return { [name]: read.value }
}
