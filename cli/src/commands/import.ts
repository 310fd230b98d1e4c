import { FORMAT_VERSION, type ScanReport } from '@reeve/scan'
import type { Command } from 'commander'
import { contextOf } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { readInput } from '../read-input.ts'
import type { Surroundings } from '../surroundings.ts'

// Small enough that a batch of the longest sightings stays under the server's limit of 1 MiB.
const BATCH = 100

/** `reeve import FILE`: takes what a scan saw into the register, and its findings into the one table. */
export const addImport = (program: Command, around: Surroundings): void => {
  const command = program
    .command('import')
    .description('take what `reeve scan --format json` saw into the register')
    .argument('<file>', 'the report, or - for standard input')
    .option(
      '--source <name>',
      'the name of this scan: a later complete one under the same name closes what is gone',
      'scan',
    )
    .addHelpText('after', '\nExample:\n  reeve scan . --format json | reeve import - --source acme/orders')
    .action(async (file: string) => {
      const context = contextOf(around, command)
      const report = await readReport(around, file)
      const sums = { sightings: 0, created: 0, unmanaged: 0, unowned: 0, findings: 0, closed: 0 }
      for (const sightings of batches(report.sightings)) {
        const done = await context.client.callByName('inventory.sighting.import', { sightings })
        add(sums, { ...countsOf(done), sightings: sightings.length })
      }
      const parts = batches(report.findings.map(findingOf))
      for (const [at, findings] of (parts.length === 0 ? [[]] : parts).entries()) {
        const done = await context.client.callByName('observe.finding.import', {
          source: command.opts<{ source: string }>().source,
          scannedAt: report.scannedAt,
          complete: at >= parts.length - 1,
          findings,
        })
        add(sums, { findings: findings.length, closed: countsOf(done).closed ?? 0 })
      }
      context.print(sums, () =>
        [
          `${sums.sightings} sightings taken in, ${sums.created} of them new`,
          `${sums.unmanaged} belong to no identity of the register yet; ${sums.unowned} are owned by nobody`,
          `${sums.findings} findings taken in, ${sums.closed} closed because they are gone`,
          'next: reeve sighting list --unowned, or reeve finding list',
          '',
        ].join('\n'),
      )
    })
}

const readReport = async (around: Surroundings, file: string): Promise<ScanReport> => {
  const value = await readInput(around, file)
  if (!isReport(value))
    throw new CommandError(`${file} is not a scan report of format ${FORMAT_VERSION}`, {
      next: 'make one with `reeve scan PATH --format json`',
    })
  return value
}

const isReport = (value: unknown): value is ScanReport =>
  typeof value === 'object' &&
  value !== null &&
  'formatVersion' in value &&
  value.formatVersion === FORMAT_VERSION &&
  'sightings' in value &&
  Array.isArray(value.sightings) &&
  'findings' in value &&
  Array.isArray(value.findings)

const findingOf = (finding: ScanReport['findings'][number]) => {
  const { where, evidence, ...rest } = finding
  return { ...rest, where: { path: where.path, line: where.line }, evidence: evidence.slice(0, 20) }
}

const batches = <T>(items: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / BATCH) }, (_, at) => items.slice(at * BATCH, (at + 1) * BATCH))

const countsOf = (value: unknown): Record<string, number> =>
  Object.fromEntries(
    Object.entries(typeof value === 'object' && value !== null ? value : {}).filter(
      (entry): entry is [string, number] => typeof entry[1] === 'number',
    ),
  )

const add = (sums: Record<string, number>, more: Record<string, number>): void => {
  for (const [name, value] of Object.entries(more)) if (name in sums) sums[name] = (sums[name] ?? 0) + value
}
