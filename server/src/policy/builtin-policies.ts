import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { policiesFromText, type SourcePolicy } from './engine/index.ts'

const FILE = 'builtin.cedar'
const text = readFileSync(new URL(FILE, import.meta.url), 'utf8')

/** The control plane's own rules, which are in force with every set. */
export const builtinPolicies: readonly SourcePolicy[] = policiesFromText(text, FILE, 'builtin')

/** Names the version of these rules in revisions. */
export const builtinDigest: string = createHash('sha256').update(text).digest('base64url').slice(0, 8)

/** The operations that these rules name. */
export const operationsInRules: readonly string[] = [
  ...new Set(Array.from(text.matchAll(/Action::"([a-z]+\.[a-z]+\.[a-z]+)"/g), ([, name = '']) => name)),
]
