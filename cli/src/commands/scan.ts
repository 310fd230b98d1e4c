import { renderJson, renderSarif, renderTable, type ScanReport, SEVERITIES, type Severity, scan } from '@reeve/scan'
import { type Command, Option } from 'commander'
import { contextOf } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { scanSalt } from '../scan-salt.ts'
import type { Surroundings } from '../surroundings.ts'

/** `reeve scan PATH…`: finds identities and secrets in files; needs no server, reads only, sends nothing. */
export const addScan = (program: Command, around: Surroundings): void => {
  const command = program
    .command('scan')
    .description('find non-human identities and secrets in files; reads only, sends nothing, prints no secret')
    .argument('<path...>', 'files or folders')
    .addOption(new Option('--format <format>', 'how to print').choices(['table', 'json', 'sarif']).default('table'))
    .addOption(
      new Option('--fail-on <severity>', 'exit 8 when a finding is at least this bad').choices([...SEVERITIES]),
    )
    .addHelpText('after', '\nExample:\n  reeve scan . --fail-on high\n  reeve scan . --format json | reeve import -')
    .action(async (paths: string[]) => {
      const context = contextOf(around, command)
      const options = command.opts<{ format: 'table' | 'json' | 'sarif'; failOn?: Severity }>()
      const report = await scan(paths, { salt: scanSalt(around), now: around.now() })
      around.out(render(report, context.isJson ? 'json' : options.format, around))
      const bad = options.failOn === undefined ? 0 : countFrom(report, options.failOn)
      if (bad > 0)
        throw new CommandError(`${bad} findings are ${options.failOn} or worse`, {
          exitCode: 8,
          next: 'mend them, or allow one with a comment beside it (see docs/guides/scan.md)',
        })
    })
}

const render = (report: ScanReport, format: 'table' | 'json' | 'sarif', around: Surroundings): string => {
  if (format === 'json') return renderJson(report)
  if (format === 'sarif') return renderSarif(report)
  return renderTable(report, {
    widthMax: around.isOutTty ? Math.max(100, around.columns) : 180,
    isColoured: around.mayColour,
  })
}

const countFrom = (report: ScanReport, worst: Severity): number => {
  const counted = SEVERITIES.slice(0, SEVERITIES.indexOf(worst) + 1)
  return report.findings.filter((finding) => counted.includes(finding.severity)).length
}
