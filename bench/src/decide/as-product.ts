import type { Entity, EntityUid, Request } from '@reeve/cedar'
import { compileEngine, type Engine, type ReadyPart, readyPart } from '../../../server/src/policy/engine/index.ts'
import type { World } from './world.ts'

/** What the product's own call takes, in processor time, and what the same call took that read its entities each time. */
export interface AsProduct {
  readonly microseconds: number
  readonly readEachTimeMicroseconds: number
  readonly count: number
  readonly compileMs: number
}

// As many identities as the server keeps in memory.
const IDENTITIES = 10_000
const BATCH = 500

/**
 * Decides as the server does: by its engine, with its checks, on the entities that it prepared when it loaded the identity
 * and the resource. Which these are is known from authentication and so is not looked up here.
 */
export const asProduct = (given: World, seconds: number, cpuMs: () => number): AsProduct => {
  const started = performance.now()
  const engine = engineOf(given)
  const compileMs = performance.now() - started
  const requests = requestsOf(given)
  const spent = { ready: 0, plain: 0 }
  let count = 0
  for (const isWarm of [false, true]) {
    ;[spent.ready, spent.plain, count] = [0, 0, 0]
    while (spent.ready < (isWarm ? seconds : 1) * 1_000) {
      const from = count % requests.length
      const batch = requests.slice(from, from + BATCH)
      const begun = cpuMs()
      for (const { plain, parts } of batch) engine.decide(listed(plain, parts), parts)
      const between = cpuMs()
      for (const { plain, parts } of batch) engine.decide(listed(plain, parts))
      spent.plain += cpuMs() - between
      spent.ready += between - begun
      count += batch.length
    }
  }
  for (const { plain, parts } of requests.slice(0, 2_000)) same(engine, listed(plain, parts), parts)
  const perDecision = (ms: number): number => (ms * 1_000) / count
  return {
    microseconds: perDecision(spent.ready),
    readEachTimeMicroseconds: perDecision(spent.plain),
    count,
    compileMs,
  }
}

interface Prepared {
  readonly plain: Request
  readonly parts: readonly ReadyPart[]
}

// The server lists the entities of each request anew, for the record and for whoever decides it again.
const listed = (request: Request, parts: readonly ReadyPart[]): Request => ({
  ...request,
  entities: parts.flatMap(({ entities }) => entities),
})

const same = (engine: Engine, request: Request, parts: readonly ReadyPart[]): void => {
  const [ready, plain] = [engine.decide(request, parts), engine.decide(request)]
  if (JSON.stringify(ready) !== JSON.stringify(plain) || ready.errors.some(({ policy }) => policy === ''))
    throw new Error(`${JSON.stringify(request)}: ${JSON.stringify(ready)}, read each time ${JSON.stringify(plain)}`)
}

const requestsOf = (given: World): Prepared[] => {
  const known = new Map<string, ReadyPart>()
  const partOf = (of: EntityUid, request: Request): ReadyPart => {
    const key = `${of.type}::${of.id}`
    const part = known.get(key) ?? readyPart(entitiesAbove(given, of, request))
    if (part === undefined) throw new Error(`${key} cannot be prepared`)
    known.set(key, part)
    return part
  }
  const principals = new Set<string>()
  const requests: Prepared[] = []
  for (let at = 0; principals.size < IDENTITIES; at++) {
    const plain = given.request(at)
    principals.add(plain.principal.id)
    requests.push({ plain, parts: [partOf(plain.principal, plain), partOf(plain.resource, plain)] })
  }
  return requests
}

const entitiesAbove = (given: World, of: EntityUid, request: Request): readonly Entity[] =>
  given.entitiesOf({ ...request, principal: of, resource: of, action: { type: 'Action', id: 'none' } })

const engineOf = (given: World): Engine => {
  const policies = given.policies.map(({ id, text }) => ({ id, text, kind: 'policy' as const, origin: { line: 1 } }))
  const compiled = compileEngine({ policies, schema: SCHEMA })
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems.slice(0, 3)))
  return compiled.engine
}

const SCHEMA = `
  entity Team in [Team] { name: String };
  entity Resource in [Resource] { uri: String, environment: String, sensitivity: String, cost: Long };
  entity Identity in [Team] { name: String, kind: String, environment: String, tier: String, owner?: Team } tags String;
  action "access:read", "access:write";
  action "orders.read", "orders.list" in ["access:read"] appliesTo { principal: Identity, resource: Resource, context: Facts };
  action "orders.write", "orders.delete" in ["access:write"] appliesTo { principal: Identity, resource: Resource, context: Facts };
  type Facts = { now: datetime, sourceIp?: ipaddr, risk: Long, credentialKind: String };
`
