import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { type ScanReport, scan, sources, startThreads } from '@reeve/scan'
import { lintSource } from '@secretlint/core'
import { creator as recommended } from '@secretlint/secretlint-rule-preset-recommend'
import { hasCases, judgeCases } from '../../scan/test/labelled-cases.ts'
import { qualityTable } from '../../scan/test/quality-table.ts'
import { writeLargeTree, writeMixedTree } from './scan/mixed-tree.ts'

// How many megabytes a second are searched for secrets, by the rules whose recall and precision stand in the same line,
// in turns with secretlint and its recommended rules on the same files; workflow files a minute; memory on much text.

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    gigabyte: { type: 'boolean', default: false },
    megabytes: { type: 'string' },
  },
})
const seconds = Number(values.seconds)
if (!(seconds > 0)) throw new RangeError('--seconds is a number above 0')
const largeMb = values.gigabyte ? 1024 : Number(values.megabytes ?? 0)
if (!(largeMb >= 0)) throw new RangeError('--megabytes is a number')

const WORKFLOWS = join(import.meta.dirname, '../../../shared/data/github-workflows')

const main = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-bench-scan-'))
  try {
    const tree = join(folder, 'tree')
    const bytes = writeMixedTree(tree, { files: 1_200, bytesEach: 6_000 })
    const rates = await inTurns(tree, bytes)
    const cases = hasCases ? judgeCases() : undefined
    const workflows = existsSync(WORKFLOWS) ? await workflowsAMinute() : undefined
    const large = largeMb > 0 ? measureLarge(join(folder, 'large')) : undefined
    const line = {
      bench: 'scan',
      unit: 'MB/s',
      ...rates,
      recall: rounded(cases?.recall),
      precision: rounded(cases?.precision),
      workflowsAMinute: workflows,
      large,
      load: rounded(loadavg()[0]),
    }
    if (hasCases) console.log(await qualityTable())
    console.log(JSON.stringify(line))
  } finally {
    rmSync(folder, { recursive: true, force: true })
    await threads.close()
  }
}

const secretsOnly = sources.filter(({ name }) => name === 'secrets')

// As a program that scans often has them: both sides are measured warm.
const threads = startThreads()

const scanned = (folder: string, by: typeof sources): Promise<ScanReport> =>
  scan([folder], { salt: 'a salt for the bench only', now: new Date('2026-11-27T00:00:00Z'), sources: by, threads })

/** Both programs on the same files, one after the other, until the time is over; medians. */
const inTurns = async (tree: string, bytes: number) => {
  const files = readdirSync(tree, { recursive: true, encoding: 'utf8' })
    .map((name) => join(tree, name))
    .filter((path) => extname(path) !== '')
  const reeve: number[] = []
  const peer: number[] = []
  const ratios: number[] = []
  const cpuRatios: number[] = []
  const megabytes = bytes / 1e6
  let found = { reeve: 0, peer: 0 }
  const endsAtMs = performance.now() + seconds * 1000
  // The first round is for the compilers.
  for (let round = 0; round < 2 || performance.now() < endsAtMs; round += 1) {
    const ours = await timed(async () => (await scanned(tree, secretsOnly)).findings.length)
    const theirs = await timed(() => lintAll(files))
    if (round === 0) continue
    found = { reeve: ours.result, peer: theirs.result }
    reeve.push(megabytes / ours.seconds)
    peer.push(megabytes / theirs.seconds)
    ratios.push(theirs.seconds / ours.seconds)
    cpuRatios.push(theirs.cpuSeconds / ours.cpuSeconds)
  }
  console.log(
    `${files.length} files, ${megabytes.toFixed(1)} MB, ${ratios.length} rounds; found: ${JSON.stringify(found)}`,
  )
  return {
    reeve: rounded(median(reeve)),
    peer: rounded(median(peer)),
    toPeer: rounded(median(ratios)),
    // Of processor time, all threads together: what is left of the ratio where there is one processor.
    toPeerInProcessorTime: rounded(median(cpuRatios)),
  }
}

const PRESET = { id: '@secretlint/secretlint-rule-preset-recommend', rule: recommended }

const lintAll = async (files: readonly string[]): Promise<number> => {
  let messages = 0
  for (const filePath of files) {
    const content = await readFile(filePath, 'utf8')
    const source = { filePath, content, contentType: 'text' as const, ext: extname(filePath) }
    messages += (await lintSource({ source, options: { config: { rules: [PRESET] } } })).messages.length
  }
  return messages
}

/** The real workflows, again and again for a second at least. */
const workflowsAMinute = async (): Promise<number> => {
  const by = sources.filter(({ name }) => name === 'github-actions')
  await scanned(WORKFLOWS, by)
  const { result, seconds: took } = await timed(async () => (await scanned(WORKFLOWS, by)).counts.files)
  return Math.round((result / took) * 60)
}

const measureLarge = (folder: string): unknown => {
  const bytes = writeLargeTree(folder, largeMb * 1e6)
  console.log(`${(bytes / 1e6).toFixed(0)} MB of mixed text`)
  const program = join(import.meta.dirname, 'scan/memory.ts')
  return JSON.parse(execFileSync(process.execPath, [program, folder], { encoding: 'utf8' }))
}

const timed = async <Result>(run: () => Promise<Result>) => {
  const startedAtMs = performance.now()
  const before = process.cpuUsage()
  const result = await run()
  const { user, system } = process.cpuUsage(before)
  return { result, seconds: (performance.now() - startedAtMs) / 1000, cpuSeconds: (user + system) / 1e6 }
}

const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0

const rounded = (figure: number | undefined): number | undefined =>
  figure === undefined ? undefined : Math.round(figure * 1000) / 1000

await main()
