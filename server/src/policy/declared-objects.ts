import { createHash } from 'node:crypto'
import { canonicalize } from '@reeve/sdk/ledger'
import type { DirectoryInput } from './directory.ts'
import { policyFault } from './faults.ts'
import type { Declared } from './store-declared.ts'

/** The parts of a directory, each with the type of its objects, in the order in which they are made. */
export const PARTS = [
  ['fragments', 'fragment'],
  ['teams', 'team'],
  ['identities', 'identity'],
  ['resources', 'resource'],
  ['applications', 'application'],
  ['bundles', 'bundle'],
  ['grants', 'grant'],
  ['policies', 'policy'],
] as const

/** One object as a directory declares it, with its place in the list of its part. */
export interface DeclaredObject {
  readonly type: (typeof PARTS)[number][1]
  readonly name: string
  readonly at: number
  readonly digest: string
}

/** Everything that a directory declares. */
export const declaredObjects = (input: DirectoryInput): readonly DeclaredObject[] =>
  PARTS.flatMap(([part, type]) =>
    input[part].map((value, at) => ({ type, name: declaredName(value), at, digest: digestOf(value) })),
  )

/** What an object is called within its directory; a grant by whose it is and what it gives. */
const declaredName = (value: unknown): string => {
  const fields = new Map<string, unknown>(Object.entries(value ?? {}))
  if (!fields.has('identity')) return String(fields.get('name'))
  return `${fields.get('identity')} ${fields.get('name') ?? fields.get('bundle') ?? fields.get('resource') ?? ''}`
}

const digestOf = (value: unknown): string =>
  createHash('sha256')
    .update(canonicalize(JSON.parse(JSON.stringify(value))))
    .digest('base64url')

/**
 * Throws where another directory declares one of these. A team may stand in several: it owns things in all of them.
 */
export const assertOwnedBy = (
  objects: readonly DeclaredObject[],
  known: readonly Declared[],
  directory: string,
): void => {
  const others = new Map(
    known.filter((one) => one.directory !== directory && one.type !== 'team').map((one) => [keyOf(one), one.directory]),
  )
  const taken = objects.filter((object) => others.has(keyOf(object)))
  if (taken.length === 0) return
  const places = taken.slice(0, 20).map((object) => ({
    pointer: `/${PARTS.find(([, type]) => type === object.type)?.[0]}/${object.at}`,
    detail: `${object.type} ${object.name} is declared by the directory ${others.get(keyOf(object))}`,
  }))
  throw policyFault('apply_owned', { places, about: places[0]?.detail ?? '' })
}

/** One object among all that are declared. */
export const keyOf = ({ type, name }: { readonly type: string; readonly name: string }): string =>
  JSON.stringify([type, name])
