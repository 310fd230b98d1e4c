import { createHash } from 'node:crypto'
import { canonicalize } from '@reeve/sdk/ledger'
import type { AnyTx } from '../kit/database.ts'
import { Fault } from '../kit/fault.ts'
import type { Signal } from '../kit/operation.ts'
import type { Kept } from '../ledger/event.ts'
import type { Approving } from './approving.ts'
import { assertOwnedBy, type DeclaredObject, declaredObjects, keyOf } from './declared-objects.ts'
import { type AppliedView, appliedView, type DirectoryInput, declaredTexts } from './directory.ts'
import type { PolicyText, ReportOnly } from './domain/policy-set.ts'
import { importFirst } from './first-import.ts'
import { assertInScope, neededByNewcomer } from './fragment-scope.ts'
import { createPermits, type Permits } from './permits-on.ts'
import { pruneDirectory } from './prune-directory.ts'
import { endApplication, putApplication } from './put-application.ts'
import { type PutGiven, putBundle } from './put-bundle.ts'
import { putFragments } from './put-fragments.ts'
import { putGrant } from './put-grant.ts'
import { assertActionsAgree, putResource } from './put-resource.ts'
import { type PutText, storeTexts } from './put-texts.ts'
import { regradeSignals } from './regrades.ts'
import type { PolicyPorts, Regraded } from './room.ts'
import { allApplications } from './store-application.ts'
import { findBundle } from './store-bundle.ts'
import { allDeclared, type Declared, keepDeclared } from './store-declared.ts'
import { endGrant, liveGrantsOfDirectory } from './store-grant.ts'
import { findResourceNamed } from './store-resource.ts'
import { allTexts } from './store-set.ts'
import { changesBetween } from './views.ts'

/** Who applies a directory, and with which approval. */
export interface DirectoryGiven {
  readonly now: Date
  readonly by: string | null
  newId(prefix: string): string
  /** Gathers what of it needs an approval; one stands for everything in the directory. */
  readonly approving: Approving
  /** The digest of the set that was judged before; what becomes another set by now is judged again. */
  readonly judgedOn: string | undefined
  /** Whether a plan is applied: a new identity that waits for its approval there waits for it here too. */
  readonly isPlan?: boolean
}

/** What applying did. */
export interface DirectoryDone {
  readonly objects: readonly AppliedView[]
  readonly signals: readonly Signal[]
  readonly revision: string
  readonly approval: string | undefined
  readonly regraded: readonly Regraded[]
  /** What became report-only, where it is the first import of the directory. */
  readonly modes: readonly ReportOnly[]
  /** The changed policy texts, before and after, and their digest: the evidence of what was changed. */
  readonly policyDiff: Kept
}

/** Makes everything as declared, with one approval for all that needs one. */
export const applyDirectory = async (
  tx: AnyTx,
  ports: PolicyPorts,
  input: DirectoryInput,
  given: DirectoryGiven,
): Promise<DirectoryDone> => {
  const { approving, judgedOn, isPlan = false, ...who } = given
  const objects: AppliedView[] = []
  const signals: Signal[] = []
  const regraded: Regraded[] = []
  const put: PutGiven = { ...who, approval: approving.approval, need: approving.need }
  const permits = createPermits(tx, staysWith(input))
  const doing = { tx, ports, input, put, permits, judgedOn, objects, signals, regraded }
  const declared = declaredObjects(input)
  const known = await allDeclared(tx)
  await assertInScope(tx, ports, input)
  assertOwnedBy(declared, known, input.directory)
  const newcomer = await neededByNewcomer(tx, input.directory, known)
  if (newcomer !== undefined) put.need(newcomer)
  objects.push(...(await putFragments(tx, input, known, put.now)))
  // INVARIANT: a plan was made without an approval, and what it left waiting is not what was shown as active.
  await applyInventory(isPlan ? { ...doing, put: { ...put, approval: undefined } } : doing)
  await applyResources(doing)
  await applyApplications(doing)
  await applyBundles(doing)
  await applyGrants(doing)
  const { revision, policyDiff } = await applyTexts(doing)
  await settle(doing, declared, known)
  if (input.resources.length > 0) await assertActionsAgree(tx)
  const imported = await importFirst({ tx, ports, input, known, objects, put })
  if (imported.modes.length > 0) signals.push({ topic: 'policy', key: '*' })
  // INVARIANT: what was done above took the approval that came as given; it is spent here, in the same transaction,
  // when it is known what all of it needs, and without it nothing of this happened.
  const approval = await approving.settle()
  const { modes } = imported
  return { objects: imported.objects, signals: unique(signals), revision, approval, regraded, modes, policyDiff }
}

// What is new of the directory's own texts is judged on all that is registered when they are stored.
const staysWith = (input: DirectoryInput): ((text: PolicyText) => boolean) => {
  const declared = new Map(declaredTexts(input).map(({ name, text }) => [name, text]))
  return ({ name, text, directory }) => {
    const own = declared.get(name)
    return own === undefined ? directory !== input.directory : own === text
  }
}

/** Ends what is no longer declared, and keeps what is, so that the next apply knows what is the directory's own. */
const settle = async (doing: Doing, declared: readonly DeclaredObject[], known: readonly Declared[]): Promise<void> => {
  const { tx, ports, input, put, objects, signals } = doing
  const { directory } = input
  const before = known.filter((one) => one.directory === directory)
  const pruned = await pruneDirectory({
    tx,
    ports,
    directory,
    before,
    now: new Set(declared.map(keyOf)),
    put,
  })
  const done = new Map(objects.flatMap((one) => (one.at === null ? [] : [[`${one.type} ${one.at}`, one] as const])))
  objects.push(...pruned.objects)
  signals.push(...pruned.signals)
  const was = new Map(before.map((one) => [keyOf(one), one]))
  const rows = declared.map(({ type, name, at, digest }): Declared => {
    const object = done.get(`${type} ${at}`)
    const isCreated = object?.verb === 'created' || was.get(keyOf({ type, name }))?.isCreated === true
    return { directory, type, name, object: object?.id ?? null, digest, isCreated }
  })
  await keepDeclared(tx, directory, rows, put.now)
}

interface Doing {
  readonly tx: AnyTx
  readonly ports: PolicyPorts
  readonly input: DirectoryInput
  readonly put: PutGiven
  readonly permits: Permits
  readonly judgedOn: string | undefined
  readonly objects: AppliedView[]
  readonly signals: Signal[]
  readonly regraded: Regraded[]
}

const applyInventory = async ({ tx, ports, input, put, objects, signals }: Doing): Promise<void> => {
  const done = [
    ['team', input.teams, ports.appliers.team],
    ['identity', input.identities, ports.appliers.identity],
  ] as const
  for (const [type, declared, applier] of done)
    for (const [at, object] of declared.entries()) {
      const applied = await named(type, object.name, at, () => applier(tx, object, put))
      const { id, name, verb } = applied
      objects.push(appliedView({ type, id, name, verb, fields: applied.fields, at }))
      signals.push(...applied.signals)
    }
}

const applyResources = async ({ tx, ports, input, put, permits, objects, signals, regraded }: Doing): Promise<void> => {
  for (const [at, declared] of input.resources.entries()) {
    const before = await findResourceNamed(tx, declared.name)
    const given = { ...put, permits, id: put.newId('res') }
    const done = await named('resource', declared.name, at, () => putResource(tx, ports, before, declared, given))
    const { id, name } = done.resource
    objects.push(
      appliedView({ type: 'resource', id, name, verb: verbOf(before, done.change), fields: done.change, at }),
    )
    signals.push(...done.signals)
    regraded.push(...done.regraded)
  }
}

const applyApplications = async ({ tx, ports, input, put, permits, objects, signals }: Doing): Promise<void> => {
  const declared = new Set(input.applications.map(({ name }) => name))
  for (const [at, application] of input.applications.entries()) {
    const given = { ...put, permits, directory: input.directory }
    const done = await named('application', application.name, at, () => putApplication(tx, ports, application, given))
    const { id, name } = done.application
    objects.push(appliedView({ type: 'application', id, name, verb: done.verb, fields: done.change, at }))
    signals.push(...done.signals)
  }
  for (const gone of await allApplications(tx)) {
    const { id, name, directory } = gone
    if (directory !== input.directory || declared.has(name)) continue
    await endApplication(tx, gone, put)
    objects.push(appliedView({ type: 'application', id, name, verb: 'removed' }))
    signals.push({ topic: 'policy', key: '*' })
  }
}

const applyBundles = async ({ tx, ports, input, put, objects, signals, regraded }: Doing): Promise<void> => {
  for (const [at, declared] of input.bundles.entries()) {
    const before = await findBundle(tx, declared.name)
    const done = await named('bundle', declared.name, at, () => putBundle(tx, ports, before, declared, put))
    const { id, name } = done.bundle
    objects.push(appliedView({ type: 'bundle', id, name, verb: verbOf(before, done.change), fields: done.change, at }))
    signals.push(...done.signals)
    regraded.push(...done.regraded)
  }
}

/** Gives what is declared, and ends what this directory declared before and no longer does. */
const applyGrants = async ({ tx, ports, input, put, objects, signals, regraded }: Doing): Promise<void> => {
  const declared = new Set<string>()
  for (const [at, terms] of input.grants.entries()) {
    const what = `${terms.identity} ${terms.name ?? terms.bundle ?? terms.resource ?? ''}`
    const given = { ...put, mayReplace: true, directory: input.directory }
    const done = await named('grant', what, at, () => putGrant(tx, ports, terms, given))
    declared.add(done.grant.id)
    const name = `${done.identity.name} ${done.grant.name}`
    objects.push(appliedView({ type: 'grant', id: done.grant.id, name, verb: done.verb, fields: done.change, at }))
    signals.push(...done.signals)
    if (done.regraded !== undefined) regraded.push(done.regraded)
  }
  for (const grant of await liveGrantsOfDirectory(tx, input.directory)) {
    if (declared.has(grant.id)) continue
    await endGrant(tx, grant.id, `the directory ${input.directory} no longer declares it`, put.now)
    const one = await ports.identities.regradeFound(tx, grant.identity, put.now)
    regraded.push(one)
    signals.push(...regradeSignals([one]))
    const identity = await ports.identities.find(tx, grant.identity)
    const name = `${identity?.name ?? grant.identity} ${grant.name}`
    objects.push(appliedView({ type: 'grant', id: grant.id, name, verb: 'removed' }))
  }
}

const applyTexts = async ({
  tx,
  ports,
  input,
  put,
  judgedOn,
  objects,
  signals,
}: Doing): Promise<{ revision: string; policyDiff: Kept }> => {
  const declared = declaredTexts(input)
  const names = new Set(declared.map(({ name }) => name))
  const gone = (await allTexts(tx)).filter(({ name, directory }) => directory === input.directory && !names.has(name))
  const change = { put: declared, remove: gone.map(({ name }) => name) }
  const done = await storeTexts(tx, change, { ...put, ports, judgedOn })
  for (const [at, { name, verb, before, after }] of done.texts.entries()) {
    const fields = changesBetween({ text: before?.text ?? null }, { text: after?.text ?? null })
    const place = verb === 'removed' ? {} : { at }
    objects.push(appliedView({ type: 'policy', id: null, name, verb, fields, ...place }))
  }
  if (done.texts.some(isWritten)) signals.push({ topic: 'policy', key: '*' })
  return { revision: done.revision, policyDiff: diffOf(done.texts) }
}

const isWritten = ({ verb, before, after }: PutText): boolean =>
  verb !== 'unchanged' || before?.directory !== after?.directory

const diffOf = (texts: readonly PutText[]): Kept => {
  const changed = texts.filter(({ verb }) => verb !== 'unchanged')
  const diff = changed.map(({ name, before, after }) => [name, before?.text ?? null, after?.text ?? null])
  const body = canonicalize(diff)
  return { digest: createHash('sha256').update(body).digest('base64url'), body }
}

const verbOf = (before: object | undefined, change: readonly unknown[]): 'created' | 'changed' | 'unchanged' =>
  before === undefined ? 'created' : change.length > 0 ? 'changed' : 'unchanged'

// A fault says which object of the directory it is about; its code and kind stay what they are.
const named = async <T>(type: string, name: string, at: number, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const { message, extras, code, kind, fix } = error
    const list = type === 'identity' ? 'identities' : `${type}s`
    const places = [{ pointer: `/${list}/${at}`, detail: `${type} ${name}: ${message}`.slice(0, 300) }]
    throw new Fault(
      code,
      { kind, message: `${type} ${name}: ${message}`.slice(0, 500), fix },
      { ...withoutAbout(extras), places: [...places, ...(extras.places ?? [])] },
    )
  }
}

const withoutAbout = ({ about: _, ...extras }: Fault['extras']): Omit<Fault['extras'], 'about'> => extras

const unique = (signals: readonly Signal[]): readonly Signal[] => [
  ...new Map(signals.map((signal) => [JSON.stringify([signal.topic, signal.key]), signal])).values(),
]
