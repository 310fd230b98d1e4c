import type { AnyTx } from '../kit/database.ts'
import type { FieldChange } from '../ledger/event.ts'
import { type AppliedView, appliedView, type DirectoryInput } from './directory.ts'
import { policyFault } from './faults.ts'
import type { Declared } from './store-declared.ts'
import { allFragments, type Fragment, putFragment, removeFragment } from './store-fragment.ts'
import { changesBetween } from './views.ts'

/** Makes the fragments that a directory lists as it lists them, and ends those that it no longer does. */
export const putFragments = async (
  tx: AnyTx,
  input: DirectoryInput,
  known: readonly Declared[],
  now: Date,
): Promise<readonly AppliedView[]> => {
  const stored = await allFragments(tx)
  const objects: AppliedView[] = []
  for (const [at, declared] of input.fragments.entries()) {
    const before = stored.find(({ name }) => name === declared.name)
    const why = mayNotList(declared.name, before, input.directory, known)
    if (why !== undefined) throw refused(at, why)
    const { verb, fields } = await putOne(tx, { ...declared, directory: input.directory }, before, now)
    objects.push(appliedView({ type: 'fragment', id: null, name: declared.name, verb, fields, at }))
  }
  const listed = new Set(input.fragments.map(({ name }) => name))
  for (const { name, directory } of stored) {
    if (directory !== input.directory || listed.has(name)) continue
    // Else nobody could change or end any more what it made.
    if (declares(known, name)) throw policyFault('apply_in_use', { about: `fragment ${name} still declares objects` })
    await removeFragment(tx, name)
    objects.push(appliedView({ type: 'fragment', id: null, name, verb: 'removed' }))
  }
  return objects
}

const mayNotList = (
  name: string,
  before: Fragment | undefined,
  directory: string,
  known: readonly Declared[],
): string | undefined => {
  if (name === directory || (before === undefined && declares(known, name))) return `${name} is a directory of its own`
  if (before !== undefined && before.directory !== directory) return `${name} is a fragment of ${before.directory}`
  return undefined
}

const putOne = async (
  tx: AnyTx,
  after: Fragment,
  before: Fragment | undefined,
  now: Date,
): Promise<Pick<AppliedView, 'verb'> & { readonly fields: readonly FieldChange[] }> => {
  const fields = changesBetween(before && scopeOf(before), scopeOf(after))
  if (fields.length > 0) await putFragment(tx, after, now)
  return { fields, verb: before === undefined ? 'created' : fields.length > 0 ? 'changed' : 'unchanged' }
}

const declares = (known: readonly Declared[], name: string): boolean => known.some((one) => one.directory === name)

const scopeOf = ({ name, repository, prefix, teams, resources, bundles }: Fragment) => ({
  name,
  repository,
  prefix,
  teams,
  resources,
  bundles,
})

const refused = (at: number, about: string) =>
  policyFault('apply_owned', { about, places: [{ pointer: `/fragments/${at}`, detail: about }] })
