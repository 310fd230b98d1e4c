import { join, relative } from 'node:path'
import { type Finding, scan } from '../scan/src/index.ts'

// A scan of this repository, run by CI: what ships has no finding, the examples that are to be wrong have theirs, and all is read.

const ROOT = join(import.meta.dirname, '..')
// Made-up secrets for tests, and what is wrong on purpose.
const SAMPLES = /\.test\.ts$|(?:^|\/)test\/|^examples\/(?:estate|estate-template)\//
const ESTATE_FINDINGS_MIN = 40
// One maintainer owns all of it: there is no file that says who owns what.
const RULES_OFF = ['posture/unowned']

const report = await scan([ROOT], { salt: 'a salt for this repository only', now: new Date(), rulesOff: RULES_OFF })
const pathOf = ({ where }: Finding): string => relative(ROOT, where.path)
const shipped = report.findings.filter((finding) => !SAMPLES.test(pathOf(finding)))
const estate = report.findings.filter((finding) => pathOf(finding).startsWith('examples/estate/'))

console.log(
  `${report.counts.files} files, ${report.sightings.length} sightings; ${shipped.length} findings in what ships, ${estate.length} in the estate`,
)
for (const finding of shipped)
  console.error(`${pathOf(finding)}:${finding.where.line} ${finding.rule} ${finding.evidence[0]}`)
for (const { path, reason, detail } of report.problems) console.error(`${path} ${reason}: ${detail}`)
if (shipped.length > 0 || report.problems.length > 0 || estate.length < ESTATE_FINDINGS_MIN) process.exitCode = 1
