import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { PolicyEst } from '@reeve/cedar'
import { policiesFromText, readPolicy, type SourcePolicy } from './engine/index.ts'

const FILE = 'builtin.cedar'
const PARSED = 'builtin.gen.json'
const text = readFileSync(new URL(FILE, import.meta.url), 'utf8')

/** Names the version of these rules in revisions. */
export const builtinDigest: string = createHash('sha256').update(text).digest('base64url').slice(0, 8)

const written = policiesFromText(text, FILE, 'builtin')

/** These rules in their parsed form, by id, and the text that they were made of. */
interface Parsed {
  readonly of: string
  readonly policies: Readonly<Record<string, PolicyEst>>
}

/** What is kept of them beside their text, so that no start has to load a parser for them. */
export const parsedBuiltins = (): Parsed => {
  const policies = written.map((source): [string, PolicyEst] => {
    const read = readPolicy(source)
    if ('problem' in read) throw new Error(`the built-in rule ${source.id}: ${read.problem.message}`)
    return [source.id, read.est]
  })
  return { of: builtinDigest, policies: Object.fromEntries(policies) }
}

const { of, policies }: Parsed = JSON.parse(readFileSync(new URL(PARSED, import.meta.url), 'utf8'))

/** The control plane's own rules, which are in force with every set. */
export const builtinPolicies: readonly SourcePolicy[] = written.map((source) =>
  // What was made of another text is not what these rules say: then they are parsed as they stand.
  of === builtinDigest ? { ...source, compiled: policies[source.id] } : source,
)

/** The operations that these rules name. */
export const operationsInRules: readonly string[] = [
  ...new Set(Array.from(text.matchAll(/Action::"([a-z]+\.[a-z]+\.[a-z]+)"/g), ([, name = '']) => name)),
]
