/**
 * Writes the files of a small company that does not exist, and says what a scan must find in them:
 *
 *     node examples/generate-estate.ts --seed 7 --into /tmp/estate     # other names, other secrets
 *     node examples/generate-estate.ts --fixed --into examples/estate  # the one in this repository
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { crc32 } from 'node:zlib'

/** What a scan of a generated estate must find, and what it must not repeat. */
export interface Expected {
  readonly identities: readonly { readonly kind: string; readonly name: string }[]
  readonly findings: readonly {
    readonly rule: string
    readonly owasp: string
    readonly path: string
    readonly line: number
  }[]
}

/** What was written: names by what they stand for, so that a story can be told about them. */
export interface GeneratedEstate {
  readonly names: Readonly<Record<string, string>>
  readonly secrets: readonly string[]
  readonly expected: Expected
}

/** Writes an estate into a folder; `undefined` as the seed gives the names of the one in this repository. */
export const generateEstate = async (folder: string, seed: number | undefined): Promise<GeneratedEstate> => {
  const chance = chanceFrom(seed ?? 1)
  const names = seed === undefined ? FIXED_NAMES : randomNames(chance)
  const secrets = secretsOf(chance)
  const fill = (text: string): string =>
    text
      .replace(/\{secret:(\w+)\}/g, (whole, name: string) => secrets[name] ?? whole)
      .replace(/\{tail:(\w+)\}/g, (whole, name: string) => secrets[name]?.slice(-4) ?? whole)
      .replace(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole)
  for (const path of await templatePaths()) {
    const target = join(folder, fill(path.replace(/\.tpl$/, '')))
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, fill(await readFile(join(TEMPLATE, path), 'utf8')))
  }
  const expected: Expected = JSON.parse(fill(await readFile(join(TEMPLATE, 'expected.json'), 'utf8')))
  return { names, secrets: Object.values(secrets), expected }
}

const TEMPLATE = join(import.meta.dirname, 'estate-template')

const FIXED_NAMES: Readonly<Record<string, string>> = {
  company: 'larkfield',
  orders: 'orders',
  billing: 'billing',
  storefront: 'storefront',
  insights: 'insights',
  partner: 'northgate',
  chatvendor: 'chatterbox',
  toolvendor: 'buildhelpers',
  first: 'ada',
  last: 'wren',
}

const templatePaths = async (): Promise<string[]> =>
  (await readdir(TEMPLATE, { recursive: true })).filter((path) => path.endsWith('.tpl')).sort()

type Chance = (below: number) => number

// A linear congruential generator: these names need to be other ones, not unguessable ones.
const chanceFrom = (seed: number): Chance => {
  let state = (Math.imul(seed, 2_654_435_761) ^ 0x9e37_79b9) >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const pick = (chance: Chance, from: string): string => from[chance(from.length)] ?? ''

const text = (chance: Chance, length: number, from: string): string =>
  Array.from({ length }, () => pick(chance, from)).join('')

// Consonants and vowels in turn; long enough that none is a word of an environment or a default.
const randomNames = (chance: Chance): Readonly<Record<string, string>> => {
  const taken = new Set<string>()
  const name = (): string => {
    const made = Array.from({ length: 4 }, () => pick(chance, 'bdfgklmnprstvz') + pick(chance, 'aeiou')).join('')
    if (taken.has(made)) return name()
    taken.add(made)
    return made
  }
  return Object.fromEntries(Object.keys(FIXED_NAMES).map((key) => [key, name()]))
}

const LOWER = 'abcdefghijkmnpqrstuvwxyz'
const UPPER = 'ABCDEFGHJKLMNPQRSTUVWXYZ'
const DIGITS = '23456789'
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

// Of the right form, and good for nothing: nobody ever issued them, and no host that they are for exists (RFC 2606).
const secretsOf = (chance: Chance): Readonly<Record<string, string>> => ({
  storePassword: password(chance),
  personPassword: password(chance),
  mailPassword: password(chance),
  partnerPassword: password(chance),
  warehouseKey: text(chance, 40, LOWER + UPPER + DIGITS),
  sessionSecret: text(chance, 48, '0123456789abcdef'),
  modelKey: `mk-${text(chance, 36, LOWER + UPPER + DIGITS)}`,
  reeveSecret: clientSecret(chance),
  ledgerToken: tokenWithoutEnd(chance),
})

const password = (chance: Chance): string =>
  text(chance, 6, LOWER) + text(chance, 4, DIGITS) + text(chance, 6, UPPER) + text(chance, 4, LOWER)

const clientSecret = (chance: Chance): string => {
  const head = `reeve_cs_production_${text(chance, 43, BASE62)}`
  let rest = crc32(head)
  let checksum = ''
  for (let digit = 0; digit < 6; digit += 1) {
    checksum = (BASE62[rest % 62] ?? '') + checksum
    rest = Math.floor(rest / 62)
  }
  return head + checksum
}

const tokenWithoutEnd = (chance: Chance): string => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const header = part({ alg: 'HS256', typ: 'JWT' })
  const claims = part({ iss: 'https://id.invalid', sub: 'invoices', aud: 'ledger' })
  return `${header}.${claims}.${text(chance, 43, BASE62)}`
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { seed: { type: 'string' }, into: { type: 'string' }, fixed: { type: 'boolean', default: false } },
  })
  const seed = values.fixed ? undefined : Number(values.seed)
  if (!values.into || (seed !== undefined && !Number.isSafeInteger(seed))) {
    process.stderr.write('usage: generate-estate.ts (--seed N | --fixed) --into FOLDER\n')
    process.exitCode = 2
  } else {
    const { names, expected } = await generateEstate(values.into, seed)
    process.stdout.write(`${JSON.stringify({ names, expected }, null, 2)}\n`)
  }
}
