import type { AnyTx } from '../../kit/database.ts'
import type { DirectoryDone } from '../apply-directory.ts'
import { type DirectoryInput, declaredTexts } from '../directory.ts'
import { policyFault } from '../faults.ts'
import { sourcesOf } from '../memory/base.ts'
import type { PolicyPorts } from '../room.ts'
import type { CaseInput, PropertyInput } from './access-test.ts'
import { appliedSide } from './applied-side.ts'
import { type CaseDone, judgeCases } from './judge-cases.ts'
import { judgeProperties } from './judge-properties.ts'
import type { TestedView } from './tested-view.ts'

/** Where each object of a directory stands, part by part. */
export type Origins = Readonly<Partial<Record<string, readonly string[]>>>

/** Judges the tests of a directory in the transaction in which it was applied. */
export const testDirectory = async (
  tx: AnyTx,
  ports: PolicyPorts,
  input: DirectoryInput,
  given: { readonly done: Pick<DirectoryDone, 'objects'>; readonly origins: Origins; readonly now: Date },
): Promise<TestedView> => {
  const { done, origins, now } = given
  const all = input.tests.map((test, at) => ({ test, at }))
  const cases = all.flatMap(({ test, at }) => ('never' in test ? [] : [{ test, at }]))
  const properties = all.flatMap(({ test, at }) => ('never' in test ? [{ test, at }] : []))
  // Without tests nothing is compiled for them.
  const world = all.length === 0 ? undefined : { tx, ports, side: await appliedSide(tx, ports), now }
  const judged = world === undefined ? [] : await judgeCases(world, cases.map(testOf<CaseInput>))
  const held = world === undefined ? [] : await judgeProperties(world, properties.map(testOf<PropertyInput>))
  const place = (at: number): string | null => origins.tests?.[at] ?? null
  const tests = [
    ...judged.map(({ view }, index) => ({ view, at: cases[index]?.at ?? 0 })),
    ...held.map((view, index) => ({ view, at: properties[index]?.at ?? 0 })),
  ].sort((one, other) => one.at - other.at)
  return {
    tests: tests.map(({ view, at }) => ({ ...view, at, place: place(at) })),
    coverage: coverageOf(input, done, origins, judged),
  }
}

/** The same for a directory that is being applied: throws `apply_tests` where one of them fails. */
export const assertTested = async (
  tx: AnyTx,
  ports: PolicyPorts,
  input: DirectoryInput,
  given: { readonly done: Pick<DirectoryDone, 'objects'>; readonly now: Date },
): Promise<TestedView> => {
  const tested = await testDirectory(tx, ports, input, { ...given, origins: {} })
  const failed = tested.tests.filter(({ isPassed }) => !isPassed)
  if (failed.length === 0) return tested
  const places = failed.slice(0, 20).map(({ at, name, wrong }) => ({
    pointer: `/tests/${at}`,
    detail: `${name}: ${wrong[0] ?? ''}`.slice(0, 500),
  }))
  throw policyFault('apply_tests', { about: `${failed.length} of ${tested.tests.length}`, places })
}

const testOf = <Test>({ test }: { readonly test: Test }): Test => test

const coverageOf = (
  input: DirectoryInput,
  { objects }: Pick<DirectoryDone, 'objects'>,
  origins: Origins,
  judged: readonly CaseDone[],
): TestedView['coverage'] => {
  const decided = new Set(judged.flatMap(({ decidedBy }) => decidedBy))
  const asked = new Set(judged.flatMap(({ asked: of }) => (of === undefined ? [] : [`${of.resource} ${of.action}`])))
  const written = sourcesOf(declaredTexts(input)).sources.map(({ id, origin: { file, line } }) => ({
    id,
    name: id,
    place: file === undefined ? null : line === undefined ? file : `${file}:${line}`,
  }))
  const granted = objects.flatMap(({ type, id, name, at }) =>
    type === 'grant' && id !== null && at !== null
      ? [{ id, name: `grant ${name}`, place: origins.grants?.[at] ?? null }]
      : [],
  )
  const policies = [...written, ...granted]
  const ids = new Map(objects.flatMap(({ type, id, at }) => (type === 'resource' ? [[at, id] as const] : [])))
  const actions = input.resources.flatMap(({ name, actions: own }, at) => {
    const id = ids.get(at) ?? ''
    const place = origins.resources?.[at] ?? null
    return own.map((action) => ({ key: `${id} ${action.name}`, resource: name, action: action.name, place }))
  })
  const untestedPolicies = policies.filter(({ id }) => !decided.has(id))
  const untestedActions = actions.filter(({ key }) => !asked.has(key))
  return {
    policies: {
      total: policies.length,
      tested: policies.length - untestedPolicies.length,
      untested: untestedPolicies.map(({ name, place }) => ({ name, place })),
    },
    actions: {
      total: actions.length,
      tested: actions.length - untestedActions.length,
      untested: untestedActions.map(({ resource, action, place }) => ({ resource, action, place })),
    },
  }
}
