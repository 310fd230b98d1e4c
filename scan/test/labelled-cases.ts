import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fingerprintOf } from '../src/fingerprint.ts'
import { detect, type Hit } from '../src/sources/secrets/detect.ts'

// Cases that another scanner's authors labelled. Each says what must be reported where, by the one rule it is for.

const CASES = join(import.meta.dirname, '../../../shared/data/secretlint-cases')
/** Whether the cases are there. */
export const hasCases = existsSync(CASES)

interface Case {
  readonly name: string
  readonly family: string
  readonly hits: readonly Hit[]
  readonly labels: readonly { readonly start: number; readonly end: number; readonly id: string }[]
}

const SALT = 'a salt for the labelled cases'

const readCase = (family: string, name: string): Case | undefined => {
  const folder = join(CASES, family, name)
  const files = readdirSync(folder)
  const output: { filePath?: string; messages: { range: [number, number]; messageId: string }[] } = JSON.parse(
    readFileSync(join(folder, 'output.json'), 'utf8'),
  )
  const input =
    files.find((file) => output.filePath?.endsWith(`/${file}`)) ?? files.find((file) => file.startsWith('input'))
  if (!input) return undefined
  const bytes = readFileSync(join(folder, input))
  const text = bytes.toString('utf8')
  const offset = (chars: number) => Buffer.byteLength(text.slice(0, chars))
  const options = files.includes('.secretlintrc.json') ? readFileSync(join(folder, '.secretlintrc.json'), 'utf8') : ''
  const hits = detect(bytes, () => bytes.toString('latin1'), { isProgram: false })
    .filter(({ detector }) => !(options.includes('"enableIDScanRule": false') && detector.id === 'aws-access-key-id'))
    // Their `allows` is a list of secrets, ours of fingerprints.
    .filter(({ found }) => !allowsOf(options).has(fingerprintOf(found.secret, SALT)))
  const labels = output.messages.map(({ range: [start, end], messageId }) => ({
    start: offset(start),
    end: offset(end),
    id: messageId,
  }))
  return { name, family: family.replace(/^preset__/, ''), hits, labels }
}

const allowsOf = (options: string): Set<string> => {
  const list = /"allows": \[([^\]]*)\]/.exec(options)?.[1] ?? ''
  return new Set([...list.matchAll(/"\/?([^"/]+)\/?"/g)].map(([, secret = '']) => fingerprintOf(secret, SALT)))
}

const readCases = (): Case[] =>
  readdirSync(CASES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: family }) => readdirSync(join(CASES, family)).flatMap((name) => readCase(family, name) ?? []))

const overlaps = ({ found }: Hit, label: { start: number; end: number }): boolean =>
  found.start < label.end && found.end > label.start

// Which of our detectors speak to what a case is about: only they can be wrong in it.
const SPEAKS_TO: Readonly<Record<string, (id: string) => boolean>> = {
  'secretlint-rule-basicauth': (id) => id === 'basic-auth-url',
  'secretlint-rule-database-connection-string': (id) => id === 'database-url',
}

/** What the secret detectors do on the cases; what is missed or wrong is named by its case. */
export interface CaseFigures {
  readonly cases: number
  readonly labels: number
  readonly recall: number
  readonly precision: number
  /** With unlabelled secrets of other kinds than the case is about counted as wrong. */
  readonly strictPrecision: number
  readonly missed: readonly string[]
  readonly wrong: readonly string[]
  /** The same by whose secrets a case is about. */
  readonly families: readonly FamilyFigures[]
}

/** What is found of one family of rules; `found` are labels, `told` are hits that are judged. */
export interface FamilyFigures {
  readonly family: string
  readonly labels: number
  readonly found: number
  readonly told: number
  readonly wrong: number
}

/** Runs every case. */
export const judgeCases = (): CaseFigures => {
  const cases = readCases()
  const labels = cases.flatMap(({ labels: all, hits, family, name }) =>
    all.map((label) => ({
      family,
      place: `${family}/${name}: ${label.id}`,
      isFound: hits.some((hit) => overlaps(hit, label)),
    })),
  )
  const missed = labels.filter(({ isFound }) => !isFound)
  const found = cases.flatMap(({ hits, labels: all, family, name }) =>
    hits.map((hit) => ({
      family,
      place: `${family}/${name}: ${hit.detector.id}`,
      isLabelled: all.some((label) => overlaps(hit, label)),
      // In a case that must be reported, a secret of another kind than the case is about has no label either way.
      isJudged: all.length === 0 || (SPEAKS_TO[family] ?? ((id: string) => id !== 'assigned-secret'))(hit.detector.id),
    })),
  )
  const judged = found.filter(({ isLabelled, isJudged }) => isLabelled || isJudged)
  const wrong = judged.filter(({ isLabelled }) => !isLabelled)
  return {
    cases: cases.length,
    labels: labels.length,
    recall: 1 - missed.length / labels.length,
    precision: 1 - wrong.length / judged.length,
    strictPrecision: 1 - found.filter(({ isLabelled }) => !isLabelled).length / found.length,
    missed: missed.map(({ place }) => place),
    wrong: wrong.map(({ place }) => place),
    families: [...new Set(cases.map(({ family }) => family))].sort().map((family) => {
      const isOfIt = (one: { family: string }): boolean => one.family === family
      const of = labels.filter(isOfIt)
      return {
        family: family.replace(/^secretlint-rule-/, ''),
        labels: of.length,
        found: of.filter(({ isFound }) => isFound).length,
        told: judged.filter(isOfIt).length,
        wrong: wrong.filter(isOfIt).length,
      }
    }),
  }
}
