import { createHash } from 'node:crypto'
import { canonicalize } from '@reeve/sdk/ledger'
import type { AnyTx } from '../kit/database.ts'
import { Fault } from '../kit/fault.ts'
import type { Signal } from '../kit/operation.ts'
import { type AppliedView, type DirectoryInput, declaredTexts } from './directory.ts'
import { type PutGiven, putBundle } from './put-bundle.ts'
import { putGrant } from './put-grant.ts'
import { putResource } from './put-resource.ts'
import { type PutText, storeTexts } from './put-texts.ts'
import type { Need, PolicyPorts } from './room.ts'
import { findBundle } from './store-bundle.ts'
import { endGrant, liveGrantsOfDirectory } from './store-grant.ts'
import { findResourceNamed } from './store-resource.ts'
import { undone } from './store-savepoint.ts'
import { allTexts } from './store-set.ts'
import { changesBetween } from './views.ts'

/** Who applies a directory, and with which approval. */
export interface DirectoryGiven {
  readonly now: Date
  readonly by: string | null
  newId(prefix: string): string
  readonly approval: string | undefined
  readonly dryRun: boolean
  /** Why its policies need an approval, if they do. */
  readonly reason: string | undefined
  /** What is approved: the directory as it is applied. */
  readonly input: unknown
}

/** What applying did, or would do. */
export interface DirectoryDone {
  readonly objects: readonly AppliedView[]
  readonly signals: readonly Signal[]
  readonly revision: string
  readonly approval: string | undefined
  readonly needsApproval: readonly string[]
  /** Digest of the policy texts before and after: the evidence of what was changed. */
  readonly policyDiff: string
}

/** Makes everything as declared; a dry run does the same and undoes it, so that it tells exactly what would be done. */
export const applyDirectory = async (
  tx: AnyTx,
  ports: PolicyPorts,
  input: DirectoryInput,
  given: DirectoryGiven,
): Promise<DirectoryDone> => {
  const work = () => apply(tx, ports, input, given)
  return given.dryRun ? undone(tx, work) : work()
}

const apply = async (
  tx: AnyTx,
  ports: PolicyPorts,
  input: DirectoryInput,
  given: DirectoryGiven,
): Promise<DirectoryDone> => {
  const objects: AppliedView[] = []
  const signals: Signal[] = []
  const approving = approver(tx, ports, given)
  const put: PutGiven = { ...given, approve: (reason, _team, need) => approving.approve(reason, need) }
  const doing = { tx, ports, input, put, objects, signals }
  if (given.reason !== undefined) await approving.approve(given.reason)
  await applyInventory({ ...doing, given, demand: approving.demand })
  await applyResources(doing)
  await applyBundles(doing)
  await applyGrants(doing)
  const { revision, policyDiff } = await applyTexts(doing)
  // INVARIANT: inventory takes an approval that comes with a directory as given; it is spent in the same transaction,
  // when it is known who must have approved, and without it nothing of this happened.
  if (given.approval !== undefined) await approving.spend()
  const { approval, needed } = approving
  return { objects, signals: unique(signals), revision, approval: approval(), needsApproval: needed, policyDiff }
}

interface Doing {
  readonly tx: AnyTx
  readonly ports: PolicyPorts
  readonly input: DirectoryInput
  readonly put: PutGiven
  readonly objects: AppliedView[]
  readonly signals: Signal[]
}

const applyInventory = async (
  doing: Doing & { readonly given: DirectoryGiven; demand(need: Need): void },
): Promise<void> => {
  const { tx, ports, input, objects, signals, given, demand } = doing
  const applying = { by: given.by, now: given.now, newId: given.newId, approval: given.approval }
  const done = [
    ['team', input.teams, ports.appliers.team],
    ['identity', input.identities, ports.appliers.identity],
  ] as const
  for (const [type, declared, applier] of done)
    for (const [at, object] of declared.entries()) {
      const applied = await named(type, object.name, at, () => applier(tx, object, applying))
      const { id, name, verb } = applied
      const isHigh = type === 'identity' && (await ports.identities.find(tx, id))?.tier === 'high'
      if (verb !== 'unchanged' && isHigh) demand('security-and-owner')
      objects.push({ type, id, name, verb, fields: [...applied.fields] })
      signals.push(...applied.signals)
    }
}

const applyResources = async ({ tx, ports, input, put, objects, signals }: Doing): Promise<void> => {
  for (const [at, declared] of input.resources.entries()) {
    const before = await findResourceNamed(tx, declared.name)
    const given = { now: put.now, id: put.newId('res'), approve: put.approve }
    const done = await named('resource', declared.name, at, () => putResource(tx, ports, before, declared, given))
    const { id, name } = done.resource
    objects.push({ type: 'resource', id, name, verb: verbOf(before, done.change), fields: [...done.change] })
    signals.push(...done.signals)
  }
}

const applyBundles = async ({ tx, ports, input, put, objects, signals }: Doing): Promise<void> => {
  for (const [at, declared] of input.bundles.entries()) {
    const before = await findBundle(tx, declared.name)
    const done = await named('bundle', declared.name, at, () => putBundle(tx, ports, before, declared, put))
    const { id, name } = done.bundle
    objects.push({ type: 'bundle', id, name, verb: verbOf(before, done.change), fields: [...done.change] })
    signals.push(...done.signals)
  }
}

/** Gives what is declared, and ends what this directory declared before and no longer does. */
const applyGrants = async ({ tx, ports, input, put, objects, signals }: Doing): Promise<void> => {
  const declared = new Set<string>()
  for (const [at, terms] of input.grants.entries()) {
    const what = `${terms.identity} ${terms.name ?? terms.bundle ?? terms.resource ?? ''}`
    const given = { ...put, mayReplace: true, directory: input.directory }
    const done = await named('grant', what, at, () => putGrant(tx, ports, terms, given))
    declared.add(done.grant.id)
    const name = `${done.identity.name} ${done.grant.name}`
    objects.push({ type: 'grant', id: done.grant.id, name, verb: done.verb, fields: [...done.change] })
    signals.push(...done.signals)
  }
  for (const grant of await liveGrantsOfDirectory(tx, input.directory)) {
    if (declared.has(grant.id)) continue
    await endGrant(tx, grant.id, `the directory ${input.directory} no longer declares it`, put.now)
    signals.push(...(await ports.identities.regrade(tx, grant.identity, put.now)))
    signals.push({ topic: 'grant', key: grant.identity })
    const identity = await ports.identities.find(tx, grant.identity)
    const name = `${identity?.name ?? grant.identity} ${grant.name}`
    objects.push({ type: 'grant', id: grant.id, name, verb: 'removed', fields: [] })
  }
}

const applyTexts = async ({
  tx,
  input,
  put,
  objects,
  signals,
}: Doing): Promise<{ revision: string; policyDiff: string }> => {
  const declared = declaredTexts(input)
  const names = new Set(declared.map(({ name }) => name))
  const gone = (await allTexts(tx)).filter(({ name, directory }) => directory === input.directory && !names.has(name))
  const done = await storeTexts(tx, { put: declared, remove: gone.map(({ name }) => name) }, put)
  for (const { name, verb, before, after } of done.texts) {
    const fields = changesBetween({ text: before?.text ?? null }, { text: after?.text ?? null })
    objects.push({ type: 'policy', id: null, name, verb, fields: [...fields] })
  }
  if (done.texts.some(({ verb }) => verb !== 'unchanged')) signals.push({ topic: 'policy', key: '*' })
  return { revision: done.revision, policyDiff: diffDigest(done.texts) }
}

const diffDigest = (texts: readonly PutText[]): string => {
  const changed = texts.filter(({ verb }) => verb !== 'unchanged')
  const diff = changed.map(({ name, before, after }) => [name, before?.text ?? null, after?.text ?? null])
  return createHash('sha256').update(canonicalize(diff)).digest('base64url')
}

/** One approval of the whole directory stands for everything in it that needs one; a dry run only notes what does. */
const approver = (tx: AnyTx, ports: PolicyPorts, given: DirectoryGiven) => {
  const needed: string[] = []
  let strongest: Need = 'one'
  const demand = (need: Need): void => {
    if (need !== 'one') strongest = need
  }
  let spent: string | undefined
  const spend = async (): Promise<string> => {
    if (given.dryRun) return 'apr_dry_run'
    const { approval, input, now, by } = given
    const spending = {
      approval,
      operation: 'policy.access.apply',
      input,
      requester: by,
      team: null,
      need: strongest,
      now,
    }
    spent ??= (await ports.approvals.spend(tx, spending)).id
    return spent
  }
  return {
    needed,
    spend,
    approval: () => spent,
    demand,
    approve: async (reason: string, need: Need = 'one'): Promise<string> => {
      needed.push(reason)
      demand(need)
      return given.approval ?? spend()
    },
  }
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
