import type { AnyTx } from '../kit/database.ts'
import type { FaultPlace } from '../kit/fault.ts'
import type { Needed } from '../settings.ts'
import type { PolicyText } from './domain/policy-set.ts'
import { policyFault } from './faults.ts'
import { forbidsLostNeeds } from './forbids-lost.ts'
import { lockOutNeeds } from './lock-out.ts'
import { revisionOf, type SetProblem, sourcesOf } from './memory/base.ts'
import type { PolicyPorts } from './room.ts'
import { allApplications } from './store-application.ts'
import { allModes, removeMode } from './store-mode.ts'
import { allResources } from './store-resource.ts'
import { allTexts, holdTexts, keepRevision, putText, removeText } from './store-set.ts'
import { textApprovalReason, textNeeds } from './text-reach.ts'

/** What happened to one text. */
export interface PutText {
  readonly name: string
  readonly verb: 'created' | 'changed' | 'unchanged' | 'removed'
  readonly before: PolicyText | undefined
  readonly after: PolicyText | undefined
}

/** The set after a change: texts that take their names, without those removed, in the order of names. */
export const changedTexts = (
  before: readonly PolicyText[],
  change: { readonly put: readonly PolicyText[]; readonly remove: readonly string[] },
): readonly PolicyText[] => {
  const byName = new Map(before.map((text) => [text.name, text]))
  for (const name of change.remove) byName.delete(name)
  for (const text of change.put) byName.set(text.name, text)
  return [...byName.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
}

/**
 * Stores a change of the texts and the revision that it makes. It was found valid as the set `judgedOn`; where it
 * makes another one by now, the whole is judged again. `need` is told what its new permits take, on all that is registered by
 * now, what the forbids that end or change take, and what new ones take from those who decide. Throws `policy_locks_out`.
 */
export const storeTexts = async (
  tx: AnyTx,
  change: { readonly put: readonly PolicyText[]; readonly remove: readonly string[] },
  given: {
    readonly now: Date
    readonly by: string | null
    readonly ports: PolicyPorts
    readonly judgedOn: string | undefined
    need(needed: Needed): void
  },
): Promise<{ readonly texts: readonly PutText[]; readonly revision: string }> => {
  await holdTexts(tx)
  const before = await allTexts(tx)
  const known = new Map(before.map((text) => [text.name, text]))
  const done: PutText[] = []
  for (const after of change.put) {
    const was = known.get(after.name)
    // Who declares a text is no part of what it says: taking it over changes nothing of who may do what.
    const verb = was === undefined ? 'created' : saysSame(was, after) ? 'unchanged' : 'changed'
    if (verb !== 'unchanged' || was?.directory !== after.directory) await putText(tx, after, given.now)
    done.push({ name: after.name, verb, before: was, after })
  }
  for (const name of change.remove) {
    const was = known.get(name)
    if (was === undefined) continue
    await removeText(tx, name)
    done.push({ name, verb: 'removed', before: was, after: undefined })
  }
  const texts = changedTexts(before, change)
  const changed = done.filter(({ before: was, after }) => was?.text !== after?.text)
  const [resources, applications] = [await allResources(tx), await allApplications(tx)]
  const { isReading } = given.ports.memory
  const reason = textApprovalReason(
    changed.flatMap(({ after }) => after ?? []),
    { resources, applications, isReading },
  )
  if (reason !== undefined) given.need(textNeeds(reason))
  // Where a file has no ids, another path or order gives its policies those of others.
  const moved = done.filter(({ verb }) => verb !== 'unchanged')
  const onTrial = (await allModes(tx)).filter(({ kind }) => kind === 'policy').map(({ target }) => target)
  const lost = await forbidsLostNeeds(
    tx,
    moved.flatMap(({ before: was }) => was ?? []),
    moved.flatMap(({ after }) => after ?? []),
    new Set(onTrial),
  )
  await endModesOf(tx, onTrial, texts)
  const locked = await lockOutNeeds(tx, given.ports, {
    changed: changed.flatMap(({ after }) => after ?? []),
    all: texts,
  })
  for (const needed of [...lost, ...locked]) given.need(needed)
  await assertJudged(given.ports, { texts, resources, applications }, given.judgedOn)
  const revision = revisionOf(texts)
  if (done.some(({ verb }) => verb !== 'unchanged')) await keepRevision(tx, revision, texts, given)
  return { texts: done, revision }
}

// What comes again under the id of a policy that ended is not what somebody agreed to try out.
const endModesOf = async (tx: AnyTx, onTrial: readonly string[], texts: readonly PolicyText[]): Promise<void> => {
  if (onTrial.length === 0) return
  const ids = new Set(sourcesOf(texts).sources.map(({ id }) => id))
  for (const id of onTrial) if (!ids.has(id)) await removeMode(tx, 'policy', id)
}

/** Throws `policy_invalid` when what is stored in this transaction is not a valid set; what was judged is not again. */
export const assertSetStands = async (tx: AnyTx, ports: PolicyPorts, judgedOn?: string): Promise<void> => {
  const texts = (await allTexts(tx)).toSorted((one, other) => (one.name < other.name ? -1 : 1))
  const [resources, applications] = [await allResources(tx), await allApplications(tx)]
  await assertJudged(ports, { texts, resources, applications }, judgedOn)
}

const assertJudged = async (
  { memory }: PolicyPorts,
  set: Parameters<PolicyPorts['memory']['digestOf']>[0],
  judgedOn: string | undefined,
): Promise<void> => {
  if (judgedOn !== memory.digestOf(set)) assertValid(await memory.check(set))
}

/** Throws `policy_invalid`, with each problem at its file and line, when there is one. */
export const assertValid = (problems: readonly SetProblem[]): void => {
  if (problems.length === 0) return
  const places = problems.slice(0, 50).map(
    (problem): FaultPlace => ({
      pointer: '/policies',
      detail: `${placeOf(problem)}${problem.message}`.slice(0, 500),
    }),
  )
  throw policyFault('policy_invalid', { places, about: places[0]?.detail ?? '' })
}

const saysSame = (one: PolicyText, other: PolicyText): boolean => one.file === other.file && one.text === other.text

const placeOf = ({ file, line, policy }: SetProblem): string => {
  const where = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `
  return `${where}${policy === '' ? '' : `${policy}: `}`
}
