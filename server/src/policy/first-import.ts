import { hash } from 'node:crypto'
import type { AnyTx } from '../kit/database.ts'
import { neededAt } from '../needed.ts'
import type { AppliedView, DirectoryInput } from './directory.ts'
import type { ModeKind, ReportOnly } from './domain/policy-set.ts'
import { isSensitive, type Resource } from './domain/resource.ts'
import { isOutside } from './domain/separation.ts'
import type { PutGiven } from './put-bundle.ts'
import type { PolicyIdentity, PolicyPorts } from './room.ts'
import type { Declared } from './store-declared.ts'
import { wasApplied } from './store-directory.ts'
import { putImported } from './store-mode.ts'
import { resourcesByIds } from './store-resource.ts'

/** For how long a first import is report-only where its directory does not say. */
export const IMPORT_DAYS = 14

const DAY_MS = 24 * 60 * 60 * 1000
const NAMED_MAX = 10
const DIGEST_CHARS = 16
const PIECE = 500

/** What a directory is applied with, and what was done of it so far. */
export interface ImportGiven {
  readonly tx: AnyTx
  readonly ports: PolicyPorts
  readonly input: Pick<DirectoryInput, 'directory' | 'reportOnlyDays'>
  /** What all directories declared before. */
  readonly known: readonly Declared[]
  readonly objects: readonly AppliedView[]
  readonly put: Pick<PutGiven, 'now' | 'by' | 'need'>
}

/** What became report-only, and the objects with that as a change of theirs. */
export interface Imported {
  readonly modes: readonly ReportOnly[]
  readonly objects: readonly AppliedView[]
}

/**
 * Makes what the first import of a directory brings together report-only for a while: identities that a scan saw, which
 * therefore ran before anybody granted them anything, at resources that nobody had registered. What was registered is
 * enforced already, and stays so; so is what the directory makes anew.
 * INVARIANT: nothing of it without the approval of who applies, named in it; and what is report-only lifts no guardrail,
 * no isolation and nothing privileged.
 */
export const importFirst = async (given: ImportGiven): Promise<Imported> => {
  const { tx, input, known, objects, put } = given
  const nothing: Imported = { modes: [], objects }
  const days = input.reportOnlyDays ?? IMPORT_DAYS
  const isKnown = known.some(({ directory }) => directory === input.directory)
  if (days === 0 || isKnown || (await wasApplied(tx, input.directory))) return nothing
  const resources = await registered(given)
  // A grant to read what is sensitive separates reading from writing. Here is none: who is from outside is granted it first.
  const isSensitiveIn = resources.some(({ sensitivity }) => isSensitive(sensitivity))
  const identities = (await seenIdentities(given)).filter(({ boundary }) => !isSensitiveIn || !isOutside(boundary))
  if (resources.length === 0 || identities.length === 0) return nothing
  const expiresAt = new Date(put.now.getTime() + days * DAY_MS)
  const reason = `first import of the directory ${input.directory}`
  const shared = { reason, since: put.now, expiresAt, by: put.by, within: input.directory }
  const modes: ReportOnly[] = []
  const make = async (kind: ModeKind, target: string, team: string | null): Promise<void> => {
    const mode = { ...shared, kind, target }
    if (await putImported(tx, mode, team)) modes.push(mode)
  }
  for (const { id, owner } of identities) await make('identity', id, owner.id)
  for (const { id, owner } of resources) await make('resource', id, owner)
  // By name: whoever asks for the approval and whoever applies must read the same, and new ids differ.
  const named = (things: readonly { readonly name: string }[]): string => {
    const names = things.map(({ name }) => name).sort()
    const more = names.length > NAMED_MAX ? [`${names.length - NAMED_MAX} more (${digestOf(names)})`] : []
    return [...names.slice(0, NAMED_MAX), ...more].join(', ')
  }
  const who = named(identities)
  const why = `first import: for ${days} days what ${who} would be refused at ${named(resources)} would only be reported`
  put.need({ need: 'one', teams: [null], why: [why] })
  for (const { tier, owner } of identities) if (tier === 'high') put.need(neededAt('high', [owner.id], why))
  return { modes, objects: withModes(objects, modes) }
}

// INVARIANT: who approves an import approves these: one of those that are only counted is exchanged for no other.
const digestOf = (names: readonly string[]): string =>
  hash('sha256', JSON.stringify(names), 'base64url').slice(0, DIGEST_CHARS)

const idsOf = (
  objects: readonly AppliedView[],
  type: AppliedView['type'],
  isMeant: (verb: AppliedView['verb']) => boolean,
): readonly string[] =>
  objects.flatMap((one) => (one.type === type && one.id !== null && isMeant(one.verb) ? [one.id] : []))

const registered = async ({ tx, objects }: ImportGiven): Promise<readonly Resource[]> => {
  const ids = idsOf(objects, 'resource', (verb) => verb === 'created')
  const found: Resource[] = []
  for (let at = 0; at < ids.length; at += PIECE) found.push(...(await resourcesByIds(tx, ids.slice(at, at + PIECE))))
  return found
}

/** Those that were in the register before, because a scan saw them. */
const seenIdentities = async ({ tx, ports, objects }: ImportGiven): Promise<readonly PolicyIdentity[]> => {
  const before = idsOf(objects, 'identity', (verb) => verb === 'changed' || verb === 'unchanged')
  const found: PolicyIdentity[] = []
  for (let at = 0; at < before.length; at += PIECE)
    for (const id of await ports.identities.seenByScans(tx, before.slice(at, at + PIECE))) {
      const identity = await ports.identities.find(tx, id)
      if (identity !== undefined) found.push(identity)
    }
  return found
}

// Shown where whoever reviews it looks: an object that was as declared is changed by this all the same.
const withModes = (objects: readonly AppliedView[], modes: readonly ReportOnly[]): readonly AppliedView[] => {
  const until = new Map(modes.map((mode) => [`${mode.kind} ${mode.target}`, mode.expiresAt]))
  return objects.map((one): AppliedView => {
    const expiresAt = until.get(`${one.type} ${one.id}`)
    if (expiresAt === undefined) return one
    const fields = [
      ...one.fields,
      { field: 'mode', before: 'enforced', after: 'report-only' },
      { field: 'report-only until', before: null, after: expiresAt.toISOString() },
    ]
    return { ...one, verb: one.verb === 'unchanged' ? 'changed' : one.verb, fields }
  })
}
