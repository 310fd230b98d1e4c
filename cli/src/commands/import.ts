import type { Problem, ScanReport } from '@reeve/scan'
import type { Client } from '@reeve/sdk/client'
import { Option } from 'commander'
import type { CommandSpec } from '../command.ts'
import type { Context } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { failureOf } from '../failure.ts'
import { readInput } from '../read-input.ts'

// Small enough that a batch of the longest sightings stays under the server's limit of 1 MiB.
const BATCH = 100
const REPORT_VERSION = 1
/** The source of findings of a scan that nobody named. */
const UNNAMED = 'scan'

const COUNTS = [
  ...['sightings', 'created', 'changed', 'joined', 'ambiguous', 'gone', 'unmanaged', 'unowned'],
  ...['findings', 'closed'],
] as const

/** `reeve import FILE`: takes what a scan saw into the register, and its findings into the one table. */
export const importCommand: CommandSpec = {
  declare: (command) =>
    command
      .argument('<file>', 'the report, or - for standard input')
      .option(
        '--source <name>',
        'what was scanned, such as acme/orders: the next import under it closes what is gone; left out, nothing is closed',
      )
      .addOption(
        new Option(
          '--standing <standing>',
          'what was scanned says what is to be there, or what is there; default: as its sources are',
        ).choices(['declared', 'live']),
      ),
  examples: [
    'reeve scan . --json | reeve import - --source acme/orders',
    'reeve import report.json --source acme/orders',
  ],
  output: {
    schema: {
      type: 'object',
      required: [...COUNTS],
      properties: Object.fromEntries(COUNTS.map((name) => [name, { type: 'integer' }])),
    },
  },
  run: async (context, command) => {
    const report = await readReport(context, command.args[0] ?? '-')
    const sums: Record<string, number> = Object.fromEntries(COUNTS.map((name) => [name, 0]))
    try {
      await take(await context.client(), report, command.opts<Told>(), sums)
    } catch (error) {
      if ((sums.sightings ?? 0) + (sums.findings ?? 0) === 0) throw error
      const failure = failureOf(error)
      throw new CommandError(failure.message, {
        exitCode: 8,
        lines: [...failure.lines, `${sums.sightings} sightings and ${sums.findings} findings were taken in before`],
        next: 'mend that, and import the same report again: what is there already is not doubled',
        cause: error,
      })
    }
    const lost = lostOf(report)
    context.print(sums, () =>
      [
        `${sums.sightings} sightings taken in: ${sums.created} new, ${sums.changed} changed, ${sums.gone} gone`,
        `${sums.joined} were found to be identities of the register; ${sums.ambiguous} have keys of several, and wait for you`,
        `${sums.unmanaged} belong to no identity of the register yet; ${sums.unowned} are owned by nobody`,
        `${sums.findings} findings taken in, ${sums.closed} closed because they are gone`,
        '',
      ].join('\n'),
    )
    if (lost.length > 0 && command.opts<Told>().source !== undefined)
      context.say(
        `nothing was taken for gone: the scan could not read ${lost[0]}${lost.length > 1 ? ` and ${lost.length - 1} more` : ''}`,
      )
    context.say('next: reeve sighting list --unowned, or reeve finding list')
  },
}

interface Told {
  readonly source?: string
  readonly standing?: string
}

const take = async (
  client: Client,
  report: ScanReport,
  { source: named, standing }: Told,
  sums: Record<string, number>,
): Promise<void> => {
  const { scannedAt, saltId } = report
  const source = named ?? UNNAMED
  // INVARIANT: only under a name is a scan known to be of the same files as the last one, and only where it could read
  // them is what it no longer sees gone.
  const mayClose = named !== undefined && lostOf(report).length === 0
  for (const { items: sightings, complete: isLast } of batches(report.sightings)) {
    const complete = isLast && mayClose
    const scan = { name: source, scannedAt, complete, isJudged: true, ...(standing === undefined ? {} : { standing }) }
    const done = await client.callByName('inventory.sighting.import', { sightings, saltId, scan })
    add(sums, { ...countsOf(done), sightings: sightings.length })
  }
  for (const { items: findings, complete: isLast } of batches(report.findings.map(findingOf))) {
    const complete = isLast && mayClose
    const done = await client.callByName('observe.finding.import', { source, scannedAt, complete, findings })
    add(sums, { findings: findings.length, closed: countsOf(done).closed ?? 0 })
  }
}

const readReport = async ({ around }: Context, file: string): Promise<ScanReport> => {
  const value = await readInput(around, file)
  if (isReport(value)) return value
  throw new CommandError(`${file === '-' ? 'standard input' : file} is not a scan report of format ${REPORT_VERSION}`, {
    next: 'make one: reeve scan PATH --json',
  })
}

const isReport = (value: unknown): value is ScanReport =>
  typeof value === 'object' &&
  value !== null &&
  'formatVersion' in value &&
  value.formatVersion === REPORT_VERSION &&
  'scannedAt' in value &&
  'sightings' in value &&
  Array.isArray(value.sightings) &&
  'findings' in value &&
  Array.isArray(value.findings) &&
  'problems' in value &&
  Array.isArray(value.problems) &&
  value.findings.every((finding) => typeof finding?.where === 'object' && Array.isArray(finding.evidence))

/** What the scan could not come to: nobody knows whether what was seen there before is gone. */
const lostOf = ({ problems }: Pick<ScanReport, 'problems'>): readonly string[] =>
  problems.filter(({ reason }) => LOST.has(reason)).map(({ path }) => path)

const LOST: ReadonlySet<Problem['reason']> = new Set(['vanished', 'permission-denied', 'unreadable'])

const findingOf = (finding: ScanReport['findings'][number]) => {
  const { where, evidence, ...rest } = finding
  return { ...rest, where: { path: where.path, line: where.line }, evidence: evidence.slice(0, 20) }
}

// Also of nothing there is one: that a scan saw nothing is what closes all that the last one saw.
const batches = <T>(items: readonly T[]): { items: T[]; complete: boolean }[] => {
  const count = Math.max(1, Math.ceil(items.length / BATCH))
  return Array.from({ length: count }, (_, at) => ({
    items: items.slice(at * BATCH, (at + 1) * BATCH),
    complete: at === count - 1,
  }))
}

const countsOf = (value: unknown): Record<string, number> =>
  Object.fromEntries(
    Object.entries(typeof value === 'object' && value !== null ? value : {}).filter(
      (entry): entry is [string, number] => typeof entry[1] === 'number',
    ),
  )

const add = (sums: Record<string, number>, more: Record<string, number>): void => {
  for (const [name, value] of Object.entries(more)) if (name in sums) sums[name] = (sums[name] ?? 0) + value
}
