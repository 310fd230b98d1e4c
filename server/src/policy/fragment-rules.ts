import type { AnyTx } from '../kit/database.ts'
import { policyOutside } from './fragment-policy.ts'
import { sourcesOf } from './memory/base.ts'
import type { PolicyPorts } from './room.ts'
import type { BundleInput, GrantInput } from './shapes.ts'
import { findBundle } from './store-bundle.ts'
import { allDeclared } from './store-declared.ts'
import type { Fragment } from './store-fragment.ts'
import { liveGrantsOf } from './store-grant.ts'
import { findText } from './store-set.ts'

/** Something of a fragment that is outside of its scope. */
export interface OutOfScope {
  readonly part: keyof FragmentParts
  readonly at: number
  readonly message: string
}

/** The objects of a fragment, each with its place in the list of its part. */
export type FragmentParts = {
  readonly [Part in keyof Values]: readonly { readonly at: number; readonly value: Values[Part] }[]
}

interface Values {
  readonly teams: unknown
  readonly resources: unknown
  readonly applications: unknown
  readonly fragments: unknown
  readonly identities: unknown
  readonly bundles: BundleInput
  readonly grants: GrantInput
  readonly policies: { readonly name: string; readonly file: string; readonly text: string }
  readonly tests: unknown
}

/**
 * Everything in a fragment that is outside of its scope.
 * INVARIANT: what it names is held to names that the scope or the fragment itself has, never looked up by id, so that it
 * reaches nothing of others and learns nothing of them.
 */
export const outsideOf = async (
  tx: AnyTx,
  ports: PolicyPorts,
  fragment: Fragment,
  parts: FragmentParts,
): Promise<readonly OutOfScope[]> => {
  const isOwnName = (name: string): boolean => name.startsWith(fragment.prefix)
  const scope: Scope = {
    tx,
    ports,
    fragment,
    isOwnName,
    own: new Set(parts.identities.map(({ value }) => String(Object(value).name))),
    declared: new Set(
      (await allDeclared(tx)).flatMap(({ directory, type, name }) =>
        directory === fragment.name ? [`${type} ${name}`] : [],
      ),
    ),
    bundles: new Set([...fragment.bundles, ...parts.bundles.map(({ value }) => value.name).filter(isOwnName)]),
    actions: actionsOf(ports, fragment),
  }
  const outside: OutOfScope[] = []
  for (const part of ORDER) outside.push(...(await outsideOfPart(part, parts, scope)))
  return outside
}

/** What a fragment may do, and what of its own it names. */
interface Scope {
  readonly tx: AnyTx
  readonly ports: PolicyPorts
  readonly fragment: Fragment
  isOwnName(name: string): boolean
  /** The names of the identities that it declares. */
  readonly own: ReadonlySet<string>
  /** What it declared when it was applied last, by type and name. */
  readonly declared: ReadonlySet<string>
  /** The names of the bundles that it may grant. */
  readonly bundles: ReadonlySet<string>
  readonly actions: ReadonlySet<string>
}

type Rule<Value> = (value: Value, scope: Scope) => Promise<readonly (string | false)[]>

const ORDER = [
  'teams',
  'resources',
  'applications',
  'fragments',
  'identities',
  'bundles',
  'grants',
  'policies',
  'tests',
] as const satisfies readonly (keyof Values)[]

const outsideOfPart = async <Part extends keyof Values>(
  part: Part,
  parts: FragmentParts,
  scope: Scope,
): Promise<readonly OutOfScope[]> => {
  const outside: OutOfScope[] = []
  for (const { at, value } of parts[part])
    for (const message of await RULES[part](value, scope))
      if (message !== false) outside.push({ part, at, message: message.slice(0, 300) })
  return outside
}

const none =
  (part: keyof Values): Rule<unknown> =>
  async () => [`a fragment declares no ${part}`]

const identity: Rule<unknown> = async (value, { tx, ports, fragment, own, isOwnName }) => {
  const { name, owner, parent } = Object(value)
  if (!isOwnName(String(name))) return [notNamed(fragment)]
  const there = await ports.identities.find(tx, String(name))
  const isOfNobody = owner === undefined ? parent === undefined : !fragment.teams.includes(String(owner))
  return [
    parent !== undefined && !own.has(String(parent)) && `its parent ${parent} is not of this fragment`,
    isOfNobody && `it belongs to ${owner ?? 'no team'}, and not to ${fragment.teams.join(' or ')}`,
    there !== undefined && !fragment.teams.includes(there.owner.name) && 'another team has an identity of this name',
  ]
}

const bundle: Rule<BundleInput> = async ({ name, matrix }, { tx, fragment, declared, isOwnName }) => {
  const isOthers = isOwnName(name) && !declared.has(`bundle ${name}`) && (await findBundle(tx, name)) !== undefined
  return [
    !isOwnName(name) && notNamed(fragment),
    isOthers && 'there is a bundle of this name that is not of this fragment',
    ...matrix.map(({ resource }) => resourceOutside(resource, fragment)),
  ]
}

const grant: Rule<GrantInput> = async (value, scope) => {
  const { fragment, own, bundles } = scope
  if (!own.has(value.identity)) return [`the identity ${value.identity} is not of this fragment`]
  return [
    value.bundle !== undefined && !bundles.has(value.bundle) && `the bundle ${value.bundle} is outside of its scope`,
    value.resource !== undefined && resourceOutside(value.resource, fragment),
    (await isGivenElsewhere(value, scope)) && 'it holds a grant of this name that is not of this fragment',
  ]
}

const isGivenElsewhere = async (
  { identity: holder, name, bundle: granted, resource }: GrantInput,
  { tx, ports, fragment }: Scope,
): Promise<boolean> => {
  const found = await ports.identities.find(tx, holder)
  if (found === undefined) return false
  const called = name ?? granted ?? resource
  return (await liveGrantsOf(tx, found.id)).some((one) => one.name === called && one.directory !== fragment.name)
}

const policy: Rule<Values['policies']> = async (value, { tx, fragment, actions, isOwnName }) => {
  const directory = fragment.name
  const there = await findText(tx, value.name)
  return [
    !isOwnName(value.name) && notNamed(fragment),
    there !== undefined &&
      there.directory !== directory &&
      'there is a policy file of this name that is not of this fragment',
    ...sourcesOf([{ ...value, directory }]).sources.map((source) => {
      const why = policyOutside(source, fragment, actions)
      return why !== undefined && `line ${source.origin.line ?? 1}: ${source.id} ${why}`
    }),
  ]
}

const test: Rule<unknown> = async (value, { own, fragment }) => [
  !isOfOwn(value, own, fragment) && 'it asks about what is not of this fragment',
]

const RULES: { readonly [Part in keyof Values]: Rule<Values[Part]> } = {
  teams: none('teams'),
  resources: none('resources'),
  applications: none('applications'),
  fragments: none('fragments'),
  identities: identity,
  bundles: bundle,
  grants: grant,
  policies: policy,
  tests: test,
}

const notNamed = ({ prefix }: Fragment): string => `its name does not begin with ${prefix}`

const resourceOutside = (resource: string, { resources }: Fragment): string | false =>
  !resources.includes(resource) && `the resource ${resource} is outside of its scope`

// Of the server's own operations and of groups, in which some of them are, a fragment says nothing.
const actionsOf = (ports: PolicyPorts, { resources }: Fragment): ReadonlySet<string> =>
  new Set(
    ports.memory
      .base()
      .stored.resources.filter(({ name }) => resources.includes(name))
      .flatMap(({ actions }) => actions.map(({ name }) => name)),
  )

const isOfOwn = (value: unknown, own: ReadonlySet<string>, { teams }: Fragment): boolean => {
  const { identity: asked, never } = Object(value)
  if (never === undefined) return own.has(String(asked))
  const { name, owner } = Object(Object(never).identity)
  return own.has(String(name)) || teams.includes(String(owner))
}
