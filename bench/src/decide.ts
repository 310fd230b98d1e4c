import { parseArgs } from 'node:util'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import {
  compilePolicies,
  type EntityStore,
  type PolicySet,
  type PolicySource,
  prepareEntities,
  type Request,
  withExactNumbers,
} from '@reeve/cedar'
import { asProduct } from './decide/as-product.ts'
import { type World, type WorldPolicy, world } from './decide/world.ts'

// Decisions a second on one core: the compiled evaluator, and the official engine on the same policies and requests.

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '6' }, compared: { type: 'string', default: '10000' } },
})
const secondsEach = Number(values.seconds)
const comparedCount = Number(values.compared)
// As few requests as stay in the processor's caches, as the request of a caller does that was just read.
const BATCH = 500
const heapMb = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 1e6
}
const print = (line: string): void => console.log(line)
/** Processor time of the whole process: other work on the same machine does not count, our own garbage collection does. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}
const timed = <Result>(what: string, run: () => Result): Result => {
  const started = performance.now()
  const result = run()
  print(`${what}: ${(performance.now() - started).toFixed(0)} ms`)
  return result
}

const built = (given: World): { set: PolicySet; store: EntityStore; sources: PolicySource[] } => {
  const sources = timed(`parse ${given.policies.length} policies (official engine)`, () => given.policies.map(sourceOf))
  const beforeMb = heapMb()
  const compiled = timed(`compile ${sources.length} policies`, () => compilePolicies(sources))
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  const compiledMb = heapMb()
  const prepared = timed(`prepare ${given.entities.length} entities`, () => prepareEntities(given.entities))
  if (!prepared.ok) throw new Error(prepared.problem)
  print(`memory: policies ${(compiledMb - beforeMb).toFixed(0)} MB, entities ${(heapMb() - compiledMb).toFixed(0)} MB`)
  return { set: compiled.policies, store: prepared.store, sources }
}

const sourceOf = ({ id, text }: WorldPolicy): PolicySource => {
  const parsed = withExactNumbers(text, cedar.policyToJson)
  if (parsed.type === 'failure') throw new Error(`${parsed.errors[0]?.message}: ${text}`)
  return { id, est: parsed.json }
}

/** Single changes, one after the other, each decided on once. */
const changes = (given: World, set: PolicySet, store: EntityStore, sources: readonly PolicySource[]): void => {
  const times: number[] = []
  let changed = set
  for (let at = 0; at < 1_000; at++) {
    const source = sources[at % sources.length]
    if (source === undefined) continue
    const started = performance.now()
    const next = changed.with({ add: [{ ...source, id: `new-${at}` }], remove: [source.id] })
    if (!next.ok) throw new Error(next.problems[0]?.message)
    changed = next.policies
    changed.decide(given.request(at), store)
    times.push(performance.now() - started)
  }
  print(`change of one policy: median ${at(times, 0.5).toFixed(2)} ms, slowest ${at(times, 1).toFixed(2)} ms`)
  const [first, second] = given.entities.slice(-5, -3)
  if (first === undefined || second === undefined) return
  const started = performance.now()
  const moved = store.with({ add: [{ ...first, parents: second.parents }] })
  if (!moved.ok) throw new Error(moved.problem)
  print(`change of one entity: ${(performance.now() - started).toFixed(2)} ms`)
}

const at = (times: readonly number[], share: number): number => {
  const sorted = times.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

/** Distinct requests, made in batches outside the time that counts. */
const throughput = (
  given: World,
  set: PolicySet,
  store: EntityStore,
): { perSecond: number; allowedShare: number; from: number } => {
  let [from, spent, wall, allowed, considered] = [0, 0, 0, 0, 0]
  // The first batch is for the compiler of the runtime.
  for (const isWarm of [false, true]) {
    ;[spent, wall, allowed, considered] = [0, 0, 0, 0]
    const begin = from
    while (spent < (isWarm ? secondsEach * 1_000 : 1_000)) {
      const requests = Array.from({ length: BATCH }, (_, index) => given.request(from + index))
      const [started, begun] = [cpuMs(), performance.now()]
      for (const request of requests) {
        const answer = set.decide(request, store)
        if (answer.decision === 'allow') allowed++
        considered += answer.considered
      }
      spent += cpuMs() - started
      wall += performance.now() - begun
      from += BATCH
    }
    if (isWarm) {
      const decided = from - begin
      print(`${decided} decisions on as many requests, ${(considered / decided).toFixed(1)} policies considered each`)
      print(`${((decided / wall) * 1_000).toFixed(0)} decisions/s by the clock on the wall`)
      print(`${((spent * 1_000) / decided).toFixed(2)} us of processor time a decision`)
      return { perSecond: (decided / spent) * 1_000, allowedShare: allowed / decided, from }
    }
  }
  throw new Error('nothing was decided')
}

const latencies = (given: World, set: PolicySet, store: EntityStore, from: number): void => {
  const times: number[] = []
  for (let round = 0; round < 400; round++) {
    const requests = Array.from({ length: BATCH }, (_, index) => given.request(from + round * BATCH + index))
    for (const request of requests) {
      const started = performance.now()
      set.decide(request, store)
      times.push((performance.now() - started) * 1_000)
    }
  }
  print(
    `one decision: p50 ${at(times, 0.5).toFixed(1)} us, p99 ${at(times, 0.99).toFixed(1)} us, p99.9 ${at(times, 0.999).toFixed(1)} us`,
  )
}

const answerText = (decision: string, policies: readonly string[]): string => `${decision} ${policies.toSorted()}`

const officially = (policies: readonly WorldPolicy[], setName: string): void => {
  const parsed = cedar.preparsePolicySet(setName, {
    staticPolicies: Object.fromEntries(policies.map(({ id, text }) => [id, text])),
  })
  if (parsed.type === 'failure') throw new Error(parsed.errors[0]?.message)
}

const askOfficial = (given: World, request: Request, preparsedPolicySetId: string): string => {
  const answer = cedar.statefulIsAuthorized({ ...request, entities: given.entitiesOf(request), preparsedPolicySetId })
  if (answer.type === 'failure') throw new Error(answer.errors[0]?.message)
  return answerText(answer.response.decision, answer.response.diagnostics.reason)
}

/** The official engine as it is called plainly: all policies prepared, and handed only the entities that matter. */
const peer = (given: World, set: PolicySet, store: EntityStore): number => {
  officially(given.policies, 'all')
  const [started, begun] = [cpuMs(), performance.now()]
  let asked = 0
  do {
    const request = given.request(asked * 97)
    const official = askOfficial(given, request, 'all')
    compared(set, store, request, official)
    asked++
  } while (performance.now() - begun < secondsEach * 1_000)
  const perSecond = (asked / (cpuMs() - started)) * 1_000
  print(`official engine on all policies: ${perSecond.toFixed(1)}/s, ${asked} answers equal`)
  return perSecond
}

const compared = (set: PolicySet, store: EntityStore, request: Request, official: string): void => {
  const { decision, policies, errors } = set.decide(request, store)
  const ours = answerText(decision, policies)
  if (ours !== official || errors.length > 0)
    throw new Error(`${JSON.stringify(request)}: ${ours} ${JSON.stringify(errors)}, officially ${official}`)
}

/** Compares timed answers with the official engine's on slices, which are cut by what the heads name and by no index. */
const compare = (given: World, set: PolicySet, store: EntityStore): void => {
  for (let index = 0; index < comparedCount; index++) {
    const request = given.request(index)
    const names = new Set(given.entitiesOf(request).map(({ uid }) => `${uid.type}::"${uid.id}"`))
    const slice = given.policies.filter(
      ({ principal, resource }) =>
        (principal === undefined || names.has(principal)) && (resource === undefined || names.has(resource)),
    )
    officially(slice, 'slice')
    compared(set, store, request, askOfficial(given, request, 'slice'))
  }
  print(`${comparedCount} timed answers equal to the official engine's`)
}

const given = timed('make the world', world)
print(
  `${given.policies.length} policies, ${(given.conditionedShare * 100).toFixed(0)} % with conditions; ${given.entities.length} entities`,
)
const { set, store, sources } = built(given)
const { perSecond, allowedShare, from } = throughput(given, set, store)
print(`${perSecond.toFixed(0)} decisions/s of processor time, ${(allowedShare * 100).toFixed(0)} % allowed`)
latencies(given, set, store, from)
const product = asProduct(given, secondsEach, cpuMs)
print(
  `as the server calls it: ${product.microseconds.toFixed(2)} us of processor time a decision on prepared entities, ${product.readEachTimeMicroseconds.toFixed(2)} us reading them each time, ${product.count} of each in turns; parse, type-check and compile ${product.compileMs.toFixed(0)} ms`,
)
changes(given, set, store, sources)
const official = peer(given, set, store)
compare(given, set, store)
const rounded = (figure: number): number => Number(figure.toPrecision(3))
print(
  JSON.stringify({
    bench: 'decide',
    unit: 'decisions/s',
    reeve: rounded(perSecond),
    peer: rounded(official),
    toPeer: rounded(perSecond / official),
    asServer: rounded(1e6 / product.microseconds),
  }),
)
