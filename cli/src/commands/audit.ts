import { createReadStream } from 'node:fs'
import { readLines, type VerifyResult, verifyExport } from '@reeve/sdk/ledger'
import type { Command } from 'commander'
import { contextOf } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { readText } from '../read-input.ts'
import { safeText } from '../safe-text.ts'
import { currentSession } from '../session.ts'
import type { Surroundings } from '../surroundings.ts'
import { renderTable } from '../table.ts'

/** `reeve audit tail|search|export|key|verify`: read the log, take it away, and prove it without the server. */
export const addAudit = (program: Command, around: Surroundings): void => {
  const audit = program.command('audit').description('read the audit log, take it away, prove it').exitOverride()
  addTail(audit, around)
  addSearch(audit, around)
  addExport(audit, around)
  addVerify(audit, around)
}

const addTail = (audit: Command, around: Surroundings): void => {
  const tail = audit
    .command('tail')
    .description('the newest entries')
    .option('--limit <number>', 'how many', '20')
    .action(async () => {
      const context = contextOf(around, tail)
      const page = await context.client.observe.event.search({ limit: Number(tail.opts<{ limit: string }>().limit) })
      const items = [...page.items].reverse()
      context.print({ items }, () => eventTable(items, around.columns))
    })
}

const FILTERS = ['kind', 'outcome', 'actor', 'on', 'decision', 'from', 'to', 'cursor']

const addSearch = (audit: Command, around: Surroundings): void => {
  const search = audit
    .command('search')
    .description('entries by what happened, to what, by whom and when, newest first')
    .option('--limit <number>', 'how many a page', '50')
  for (const filter of FILTERS) search.option(`--${filter} <text>`)
  search.addHelpText('after', '\nExample:\n  reeve audit search --kind broker.token.issue --outcome refused')
  search.action(async () => {
    const context = contextOf(around, search)
    const { limit, ...filters } = search.opts<Record<string, string>>()
    const page = await context.client.observe.event.search({ ...filters, limit: Number(limit) })
    context.print(page, () => {
      const more = page.nextCursor === null ? '' : `more: --cursor ${page.nextCursor}\n`
      return eventTable(page.items, around.columns) + more
    })
  })
}

interface ListedEvent {
  readonly seq: number
  readonly at: string
  readonly kind: string
  readonly outcome: string
  readonly code: string | null
  readonly actor: { readonly name: string | null; readonly id: string | null }
  readonly on: { readonly name: string | null; readonly id: string | null } | null
}

const eventTable = (events: readonly ListedEvent[], columns: number): string =>
  renderTable(
    ['SEQ', 'AT', 'WHO', 'DID', 'ON', 'OUTCOME'],
    folded(events).map(({ event, times }) => [
      times === 1 ? String(event.seq) : `${event.seq} ×${times}`,
      event.at.slice(0, 19).replace('T', ' '),
      event.actor.name ?? event.actor.id ?? '-',
      event.kind,
      event.on?.name ?? event.on?.id ?? '-',
      event.code === null ? event.outcome : `${event.outcome} (${event.code})`,
    ]),
    columns,
  )

/** Neighbours that say the same of the same are one line with how often; the data is whole in --json. */
const folded = (events: readonly ListedEvent[]): { event: ListedEvent; times: number }[] => {
  const lines: { event: ListedEvent; times: number; key: string }[] = []
  for (const event of events) {
    const key = JSON.stringify([event.kind, event.outcome, event.code, event.actor.id, event.on?.id])
    const last = lines.at(-1)
    if (last?.key === key) last.times++
    else lines.push({ event, times: 1, key })
  }
  return lines
}

const addExport = (audit: Command, around: Surroundings): void => {
  const take = audit
    .command('export')
    .description('write the log with its checkpoints, for `reeve audit verify`')
    .option('--from <seq>', 'the first entry', '0')
    .addHelpText('after', '\nExample:\n  reeve audit export > audit.ndjson')
    .action(async () => {
      const { server } = contextOf(around, take)
      const from = take.opts<{ from: string }>().from
      const response = await fetch(`${server}/audit/export?fromSeq=${encodeURIComponent(from)}`, {
        headers: { authorization: `Bearer ${await currentSession(around, server)}` },
        redirect: 'error',
      })
      if (!response.ok || response.body === null)
        throw new CommandError(`the server refused the export (${response.status})`, {
          exitCode: response.status === 403 ? 3 : 2,
          next: 'the role auditor or admin is needed',
        })
      const decoder = new TextDecoder()
      for await (const piece of response.body) around.out(decoder.decode(piece, { stream: true }))
    })
}

const addVerify = (audit: Command, around: Surroundings): void => {
  const verify = audit
    .command('verify')
    .description('prove offline that an export is complete and unchanged; needs no server')
    .argument('<file>', 'what `reeve audit export` wrote')
    .requiredOption('--key <vkey>', "the log's public verifier key (`reeve checkpoint show` prints it)")
    .option('--checkpoint <file>', 'a checkpoint that you kept: the export must contain it')
    .addHelpText('after', '\nExample:\n  reeve audit verify audit.ndjson --key "$(cat audit.vkey)"')
    .action(async (file: string) => {
      const context = contextOf(around, verify)
      const { key, checkpoint } = verify.opts<{ key: string; checkpoint?: string }>()
      const kept = checkpoint === undefined ? {} : { expectCheckpoint: await readText(around, checkpoint) }
      const result = await verifyExport(readLines(createReadStream(file)), { vkey: key.trim(), ...kept })
      context.print(result, () => `${verdict(result)}\n`)
      if (!result.ok)
        throw new CommandError('the export is not what the log signed', {
          next: 'compare with another copy; the entries below the size above are proven',
        })
    })
}

const verdict = (result: VerifyResult): string =>
  result.ok
    ? `verified: ${result.entries} entries, ${result.checkpointsVerified} signed checkpoints, root ${result.root ?? '-'}`
    : safeText(
        `NOT verified: ${result.problem ?? 'unknown'}; first bad entry ${result.firstBadIndex ?? '-'}; proven below ${result.size}`,
      )
