import {
  countFiles,
  type Problem,
  renderHtml,
  renderJson,
  renderMarkdown,
  renderSarif,
  renderTable,
  type ScanReport,
  SEVERITIES,
  type Severity,
  scan,
} from '@reeve/scan'
import { Option } from 'commander'
import type { CommandSpec } from '../command.ts'
import type { Context } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { readBaseline, writeBaseline } from '../scan-baseline.ts'
import { scanProgress } from '../scan-progress.ts'
import { scanSalt } from '../scan-salt.ts'

const FORMATS = ['table', 'json', 'sarif', 'markdown', 'html'] as const
type Format = (typeof FORMATS)[number]

/** `reeve scan PATH…`: finds identities and secrets in files; needs no server, reads only, sends nothing. */
export const scanCommand: CommandSpec = {
  declare: (command) =>
    command
      .argument('<path...>', 'files or folders')
      .addOption(new Option('--format <format>', 'how to print').choices([...FORMATS]).default('table'))
      .addOption(
        new Option('--fail-on <severity>', 'exit 8 when a finding is at least this bad').choices([...SEVERITIES]),
      )
      .option('--history', 'look for secrets in all that git keeps of the repositories as well')
      .option('--baseline <file>', 'leave out the findings that this file lists')
      .option('--write-baseline <file>', 'write the findings of now into a file, for --baseline later'),
  examples: [
    'reeve scan . --fail-on high',
    'reeve scan . --history --format html > scan.html',
    'reeve scan . --baseline .reeve-baseline.json --fail-on high',
    'reeve scan . --json | reeve import - --source acme/orders',
  ],
  notes: 'No secret is printed: a salted fingerprint, and at most the last four characters.',
  output: { schema: { $ref: 'https://reeve.dev/schema/scan-report/1' } },
  run: async (context, command) => {
    const { around } = context
    const options = command.opts<Options>()
    const format = context.isJson ? 'json' : options.format
    const report = await scanned(context, command.args, options)
    const { missing, isNothing } = unreadOf(report)
    // A report of nothing would read as one of files in which nothing is wrong, and so would a baseline.
    if (isNothing) throw unreadError('nothing', missing, 1)
    if (options.writeBaseline !== undefined) writeBaseline(options.writeBaseline, report)
    around.out(render(report, format, context))
    if (missing.length > 0) throw unreadError('not all', missing, 8)
    const bad = options.failOn === undefined ? 0 : countFrom(report, options.failOn)
    if (bad > 0)
      throw new CommandError(`${bad} ${bad === 1 ? 'finding is' : 'findings are'} ${options.failOn} or worse`, {
        exitCode: 8,
        next: 'mend them, or allow one with a comment beside it (docs/guides/scan.md)',
      })
  },
}

interface Options {
  readonly format: Format
  readonly failOn?: Severity
  readonly history?: boolean
  readonly baseline?: string
  readonly writeBaseline?: string
}

const scanned = async ({ around }: Context, paths: readonly string[], options: Options): Promise<ScanReport> => {
  const baseline = options.baseline === undefined ? undefined : readBaseline(options.baseline)
  const progress = around.isErrTty ? scanProgress(await countFiles(paths), around.clock, around.err) : undefined
  const report = await scan(paths, {
    salt: scanSalt(around),
    now: around.now(),
    ...(options.history ? { history: { searchPath: around.environment.PATH ?? '' } } : {}),
    ...(baseline ? { baseline: baseline.fingerprints } : {}),
    ...(progress ? { onFile: progress.onFile } : {}),
  }).finally(() => progress?.end())
  if (baseline !== undefined && baseline.saltId !== report.saltId)
    throw new CommandError(
      `the baseline ${options.baseline} was made with another salt: its fingerprints of secrets are others`,
      {
        next: 'scan with the salt that it was made with (the file scan-salt in the folder of REEVE_CONFIG), or write it anew',
      },
    )
  return report
}

/** What was named and could not be read: it must not pass for clean, as a check with a typing mistake is no check. */
const unreadOf = (report: ScanReport): { readonly missing: readonly Problem[]; readonly isNothing: boolean } => {
  const roots = new Set(report.roots)
  const unread = report.problems.filter(({ path }) => roots.has(path))
  const isNothing = report.counts.files === 0 && unread.length > 0 && unread.length >= roots.size
  return { missing: isNothing ? unread : unread.filter(({ reason }) => ABSENT.has(reason)), isNothing }
}

const unreadError = (what: 'nothing' | 'not all', missing: readonly Problem[], exitCode: 1 | 8): CommandError =>
  new CommandError(`${what} could be read of what was named: ${missing.map(({ path }) => path).join(', ')}`, {
    exitCode,
    lines: missing.map(({ path, detail }) => `${path}: ${detail}`),
    next: 'check the paths',
  })

// A binary among what a shell's `*` names is said in the report, and nobody's mistake.
const ABSENT: ReadonlySet<Problem['reason']> = new Set(['vanished', 'permission-denied', 'unreadable', 'link-circular'])

const render = (report: ScanReport, format: Format, { around, mayColour }: Context): string => {
  if (format === 'json') return renderJson(report)
  if (format === 'sarif') return renderSarif(report)
  if (format === 'markdown') return renderMarkdown(report)
  if (format === 'html') return renderHtml(report)
  return renderTable(report, {
    widthMax: around.isOutTty ? Math.max(100, around.columns) : 180,
    isColoured: mayColour,
  })
}

const countFrom = (report: ScanReport, worst: Severity): number => {
  const counted = SEVERITIES.slice(0, SEVERITIES.indexOf(worst) + 1)
  return report.findings.filter((finding) => counted.includes(finding.severity)).length
}
