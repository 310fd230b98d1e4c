import { writeFileSync } from 'node:fs'
import type { CommandSpec } from '../command.ts'
import { CommandError } from '../exit-code.ts'
import { highRiskMarkdown } from '../high-risk-markdown.ts'
import { safeJson } from '../safe-text.ts'

const FORMATS = ['markdown', 'json'] as const

/** `reeve report high-risk`: the standing report, as a page or as a file. */
export const reportHighRisk: CommandSpec = {
  declare: (command) =>
    command
      .option('--report <id>', 'this report; the newest one without')
      .option('--now', 'make one now, instead')
      .option('--format <format>', 'markdown or json', 'markdown')
      .option('--out <file>', 'write it to this file (0600, must not exist) instead of standard output'),
  examples: ['reeve report high-risk', 'reeve report high-risk --now --out high-risk.md'],
  notes:
    'What is privileged, long-lived and reachable from the internet at once, and what is new, changed and gone since the report before. The server makes one on schedule (REEVE_REPORT_SCHEDULE) and tells it to REEVE_REPORT_WEBHOOK.',
  output: { operation: 'observe.report.show' },
  run: async (context, command) => {
    const options = command.opts<{ report?: string; now?: true; format: string; out?: string }>()
    const format = context.isJson ? 'json' : FORMATS.find((name) => name === options.format)
    if (format === undefined) throw new CommandError('--format is markdown or json')
    if (options.now && options.report !== undefined)
      throw new CommandError('--report shows one that is there, and --now makes another: give one of them')
    const client = await context.client()
    const made = options.now ? (await client.observe.report.make({})).id : options.report
    const about = made === undefined ? {} : { report: made }
    let page = await client.observe.report.show({ ...about, limit: 200 })
    const { report } = page
    const items = [...page.items]
    while (page.nextCursor !== null) {
      page = await client.observe.report.show({ ...about, limit: 200, cursor: page.nextCursor })
      items.push(...page.items)
    }
    const whole = { report, items, nextCursor: null }
    const text = format === 'json' ? `${safeJson({ formatVersion: 1, ...whole }, 2)}\n` : highRiskMarkdown(whole)
    if (options.out === undefined) return context.print(whole, () => text)
    writeFileSync(options.out, text, { flag: 'wx', mode: 0o600 })
    context.say(`report ${report.number} is written to ${options.out}`)
    if (context.isJson) context.print(whole, () => '')
  },
}
