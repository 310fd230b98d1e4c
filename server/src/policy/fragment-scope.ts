import type { AnyTx } from '../kit/database.ts'
import type { Needed } from '../settings.ts'
import type { DirectoryInput } from './directory.ts'
import { policyFault } from './faults.ts'
import { outsideOf } from './fragment-rules.ts'
import type { PolicyPorts } from './room.ts'
import type { Declared } from './store-declared.ts'
import { allFragments, type Fragment, findFragment } from './store-fragment.ts'

/**
 * The scope of a directory that is a fragment; undefined for one that is not. Which it is, the register says: a folder
 * cannot take itself out of its scope.
 */
export const fragmentOf = async (
  tx: AnyTx,
  { directory, fragmentOf: main, repository }: Pick<DirectoryInput, 'directory' | 'fragmentOf' | 'repository'>,
): Promise<Fragment | undefined> => {
  const fragment = await findFragment(tx, directory)
  if (main !== undefined && fragment?.directory !== main)
    throw policyFault('fragment_scope', { about: `the directory ${main} lists no fragment ${directory}` })
  const expected = fragment?.repository
  if (expected !== undefined && repository !== undefined && repository.toLowerCase() !== expected.toLowerCase())
    throw policyFault('fragment_scope', { about: `${directory} is a fragment of ${expected}, not of ${repository}` })
  return fragment
}

/** Throws where a directory is a fragment and declares what is outside of its scope. */
export const assertInScope = async (tx: AnyTx, ports: PolicyPorts, input: DirectoryInput): Promise<void> => {
  const fragment = await fragmentOf(tx, input)
  if (fragment === undefined) return
  const outside = await outsideOf(tx, ports, fragment, {
    teams: placed(input.teams),
    resources: placed(input.resources),
    applications: placed(input.applications),
    fragments: placed(input.fragments),
    identities: placed(input.identities),
    bundles: placed(input.bundles),
    grants: placed(input.grants),
    policies: placed(input.policies),
    tests: placed(input.tests),
  })
  if (outside.length === 0) return
  const places = outside.slice(0, 50).map(({ part, at, message }) => ({ pointer: `/${part}/${at}`, detail: message }))
  throw policyFault('fragment_scope', { places, about: places[0]?.detail ?? '' })
}

/**
 * What it needs that nobody applied a directory of this name before: once there are fragments, the folder of one could
 * else leave its scope by calling itself something new.
 */
export const neededByNewcomer = async (
  tx: AnyTx,
  directory: string,
  known: readonly Declared[],
): Promise<Needed | undefined> => {
  if (known.some((one) => one.directory === directory)) return undefined
  const fragments = await allFragments(tx)
  if (fragments.length === 0 || fragments.some(({ name }) => name === directory)) return undefined
  return { need: 'one', teams: [null], why: [`${directory} is a directory that was never applied, and no fragment`] }
}

/** Values with their places in their list. */
export const placed = <Value>(values: readonly Value[]): readonly { readonly at: number; readonly value: Value }[] =>
  values.map((value, at) => ({ at, value }))
