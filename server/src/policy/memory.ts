import { hash } from 'node:crypto'
import type { Changes } from '../kit/changes.ts'
import type { Clock } from '../kit/clock.ts'
import type { AnyDb } from '../kit/database.ts'
import { createDurations, type Durations } from '../kit/durations.ts'
import type { Log } from '../kit/log.ts'
import { controlSchema } from './control-schema.ts'
import type { Application } from './domain/application.ts'
import { isKnown } from './domain/grant.ts'
import { ISOLATION, isolationSubject } from './domain/isolation.ts'
import type { PolicyText } from './domain/policy-set.ts'
import { linesOf } from './domain/reach.ts'
import { type Resource, sharedOtherwise } from './domain/resource.ts'
import { isOutside, SEPARATION } from './domain/separation.ts'
import { compileEngine, type Deciding, type Engine, type SourcePolicy } from './engine/index.ts'
import {
  type Base,
  type BaseBuilder,
  type Built,
  createBaseBuilder,
  revisionOf,
  type SetProblem,
  type Stored,
} from './memory/base.ts'
import { identityEntities } from './memory/entities.ts'
import { grantSources, isSeparation } from './memory/grant-sources.ts'
import { createIdentities, type LoadedIdentity, type Warmed } from './memory/identities.ts'
import { createVerdicts, type Verdicts } from './memory/verdicts.ts'
import type { KnownOperation } from './operation-access.ts'
import type { Exceptions, PolicyPorts, Risks } from './room.ts'
import { allApplications } from './store-application.ts'
import { allBundles } from './store-bundle.ts'
import { liveGrantsOf } from './store-grant.ts'
import { allModes } from './store-mode.ts'
import { allResources } from './store-resource.ts'
import { allTexts, newestRevision } from './store-set.ts'

/** What judges: the memory itself, or what it would be after a change. */
export type Ground = Pick<PolicyMemory, 'base' | 'enforced' | 'trial'>

/** What policy holds in memory: the compiled set, the resources, the identities that were asked about lately. */
export interface PolicyMemory {
  /** What all decisions stand on now. */
  base(): Base
  /** The engines with the grants of everybody who is warmed: what is enforced, and that with what is report-only. */
  enforced(): Engine
  trial(): Engine
  /** Whether a policy set is in force; without one only the built-in rules judge, and no identity gets anything. */
  isComplete(): boolean
  /** Why what is stored is not what is in force; empty when it is. */
  problems(): readonly SetProblem[]
  /** Loads what deciding about this identity needs, those above it included; cheap when it is there. */
  warm(identityId: string): Promise<void> | undefined
  warmed(identityId: string): Warmed | undefined
  /** Loads it by its id or its unique name, and hands it over; undefined when there is none. */
  warmNamed(idOrName: string): Promise<Warmed | undefined>
  /** By id, name or uri. */
  resource(idOrName: string): Resource | undefined
  /** Remembered verdicts on tokens. */
  readonly verdicts: Verdicts
  /** How long decisions took that somebody asked for: calls, tokens and questions; what is tried out is none. */
  readonly durations: Durations
  /** What would be wrong if these took the place of those in force; others are served meanwhile. */
  check(change: {
    readonly texts?: readonly PolicyText[]
    readonly resources?: readonly Resource[]
    readonly applications?: readonly Application[]
  }): Promise<readonly SetProblem[]>
  /** A digest of all that `check` judges a whole set by: what it said of one holds for another that has the same. */
  digestOf(set: Pick<Stored, 'texts' | 'resources' | 'applications'>): string
  /** The schema that policies would be checked against, were these all the resources and applications there are. */
  schemaOf(resources: readonly Resource[], applications: readonly Application[]): ReturnType<typeof controlSchema>
  /** What all decisions would stand on if this took the place of what is stored. */
  preview(stored: Stored): Built
  /** Whether an operation of this server only reads; of what is none, it is not said. */
  isReading(operation: string): boolean
  /** What of the names of these resources and their actions collides, were they all there are. */
  checkNames(resources: readonly Resource[]): readonly SetProblem[]
  /** Reads what is stored, for the first time. The operations are those of the whole server. */
  start(operations: readonly KnownOperation[]): Promise<void>
}

/** What the memory reads, and how it hears of changes. */
export interface MemoryGiven {
  readonly db: AnyDb
  readonly changes: Pick<Changes, 'follow'>
  readonly identities: Pick<PolicyPorts['identities'], 'find'>
  readonly exceptions: Exceptions
  readonly risks: Risks
  readonly clock: Clock
  readonly log: Log
  /** Who decides; the compiled evaluator unless told. */
  readonly deciding?: Deciding
  /** How many identities are kept; the least recently used go first. */
  readonly identitiesMax?: number
}

const IDENTITIES_MAX = 10_000
// From one that is remembered to one that nobody should wait for.
const DURATION_SECONDS = [
  0.000001, 0.0000025, 0.000005, 0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
  0.05, 0.1,
]
// More than inventory lets an identity have above it.
const GENERATIONS_MAX = 10
const NOTHING: Stored = { texts: [], resources: [], bundles: [], modes: [], applications: [] }
const NO_ENGINE = mustCompile()

/** What there is before anything was read: an engine without a single policy, which denies everything. */
const EMPTY: Base = {
  revision: 'none',
  stored: NOTHING,
  enforced: NO_ENGINE,
  trial: NO_ENGINE,
  resource: () => undefined,
  bundle: () => undefined,
  resourceByUri: new Map(),
  entities: new Map(),
  ready: new Map(),
  servedBy: new Map(),
  separations: [],
  openTypes: [],
  reportOnly: new Map(),
  imported: new Map(),
  modeEndsMs: [],
}

/** The memory of this process; it is empty and refuses all identities until it was started. */
export const createPolicyMemory = (given: MemoryGiven): PolicyMemory => {
  const { log } = given
  let operations: readonly KnownOperation[] = []
  let builder = createBaseBuilder(operations, given.deciding)
  let base = EMPTY
  let engines = { enforced: base.enforced, trial: base.trial }
  let isComplete = false
  let storedNow = ''
  let problems: readonly SetProblem[] = []
  const verdicts = createVerdicts()

  const identities = createIdentities({
    load: (id) => loadIdentity(given, id, base),
    install: (loaded, before) => {
      const installed = loaded.map((one) => one.grants.flatMap((grant) => compiled(log, base, one, grant)))
      change({ add: installed.flat(), remove: before })
      return installed
    },
    remove: (policies) => change({ add: [], remove: policies }),
    entities: ({ identity, mayReadAndWriteUntil }) => identityEntities(identity, mayReadAndWriteUntil),
    failed: (id, error) => log.error({ identity: id, err: error }, 'the rights of an identity could not be read'),
    max: given.identitiesMax ?? IDENTITIES_MAX,
  })

  const change = ({ add, remove }: { add: readonly SourcePolicy[]; remove: readonly string[] }): void => {
    const isOne = engines.trial === engines.enforced
    const enforced = withGrants(log, engines.enforced, add, remove)
    engines = { enforced, trial: isOne ? enforced : withGrants(log, engines.trial, add, remove) }
  }

  const swap = (next: Base): void => {
    base = next
    engines = { enforced: next.enforced, trial: next.trial }
    identities.recompile()
    verdicts.clear()
  }

  const reload = async (): Promise<void> => {
    const stored = await readStored(given.db)
    const text = JSON.stringify(stored) ?? ''
    // One change may be signalled under several topics, and a start resets everybody: the same set is compiled once.
    if (text === storedNow && problems.length === 0) return
    storedNow = text
    if (stored !== undefined) await builder.checkAhead(stored)
    const found = await findValid(given, stored, isComplete ? base : undefined, builder)
    if (found.base !== undefined) {
      if (found.base !== base) swap(found.base)
      isComplete = true
    }
    if (found.problems.length > 0 && problems.length === 0)
      log.error(
        { problems: found.problems.slice(0, 5) },
        'the stored policy set is not valid; the last good one serves',
      )
    problems = found.problems
  }

  // Whoever spawned it bounds what it may do.
  const warm = (id: string, above = 0): Promise<void> | undefined => {
    if (above > GENERATIONS_MAX) return undefined
    const warmAbove = (): Promise<void> | undefined => {
      const parent = identities.get(id)?.identity.parent ?? null
      return parent === null ? undefined : warm(parent, above + 1)
    }
    const loading = identities.warm(id)
    return loading === undefined ? warmAbove() : loading.then(warmAbove)
  }

  given.changes.follow('policy', { changed: reload, reset: reload })
  given.changes.follow('resource', { changed: reload, reset: () => undefined })
  for (const topic of ['grant', 'identity', 'finding'])
    given.changes.follow(topic, { changed: (keys) => identities.changed(keys), reset: () => identities.clear() })
  // An owner that is stopped or renamed is a fact about each of its identities.
  given.changes.follow('team', {
    changed: (teams) => identities.changed([...identities.all()].flatMap((one) => ofTeams(one, teams))),
    reset: () => undefined,
  })
  given.changes.follow('exception', {
    changed: (keys) => identities.changed(keys.map((key) => key.split('/')[0] ?? key)),
    reset: () => undefined,
  })

  return {
    base: () => base,
    enforced: () => engines.enforced,
    trial: () => engines.trial,
    isComplete: () => isComplete,
    problems: () => problems,
    warm: (id) => warm(id),
    warmed: identities.get,
    warmNamed: async (idOrName) => {
      const known = identities.get(idOrName) ?? identities.named(idOrName)
      const id = known?.identity.id ?? (await given.identities.find(given.db, idOrName))?.id
      if (id === undefined) return undefined
      await warm(id)
      return identities.get(id)
    },
    resource: (idOrName) =>
      base.resource(idOrName) ??
      base.resourceByUri.get(idOrName) ??
      base.stored.resources.find((resource) => resource.name === idOrName),
    verdicts,
    durations: createDurations(given.clock, DURATION_SECONDS),
    check: async (asked) => {
      const stored = { ...base.stored, ...asked }
      await builder.checkAhead(stored)
      const built = builder.build(stored, 'asked')
      return built.ok ? [] : built.problems
    },
    digestOf: ({ texts, resources, applications }) => {
      const judged = [revisionOf(texts), controlSchema(resources, operations, applications)]
      return hash('sha256', JSON.stringify(judged), 'base64url')
    },
    preview: (stored) => builder.build(stored, 'asked'),
    isReading: (name) => operations.some((known) => known.name === name && known.effect === 'read'),
    schemaOf: (resources, applications) => controlSchema(resources, operations, applications),
    checkNames: (resources) => {
      const schema = controlSchema(resources, operations)
      if (!schema.ok) return schema.problems
      const shared = sharedOtherwise(resources)
      return shared === undefined ? [] : [{ policy: '', message: shared }]
    },
    start: async (all) => {
      operations = all
      builder = createBaseBuilder(operations, given.deciding)
      storedNow = ''
      await reload()
      // The built-in rules judge people all the same, so that somebody can mend what is stored.
      if (!isComplete) swap(mustBuild(builder.build(NOTHING, 'store')))
    },
  }
}

function mustCompile(): Engine {
  const compiled = compileEngine({ policies: [], schema: {} })
  if (compiled.ok) return compiled.engine
  throw new Error('the policy engine does not start')
}

const ofTeams = ({ identity }: Warmed, teams: readonly string[]): string[] =>
  teams.includes(identity.owner.id) ? [identity.id] : []

const mustBuild = (built: Built): Base => {
  if (built.ok) return built.base
  throw new Error(`the built-in policies are not valid: ${built.problems[0]?.policy} ${built.problems[0]?.message}`)
}

const compiled = (
  log: Log,
  base: Base,
  { identity }: LoadedIdentity,
  grant: LoadedIdentity['grants'][number],
): readonly SourcePolicy[] => {
  const { policies, problems } = grantSources(grant, base)
  if (problems.length > 0) log.error({ grant: grant.id, problems }, 'a stored grant is not proper and gives nothing')
  // Most identities are from within, and the forbid says nothing to them.
  return isOutside(identity.boundary) ? policies : policies.filter(({ id }) => !isSeparation(id))
}

// Grants that the engine will not take give nothing; what was to be removed is removed all the same.
const withGrants = (log: Log, engine: Engine, add: readonly SourcePolicy[], remove: readonly string[]): Engine => {
  if (add.length + remove.length === 0) return engine
  const changed = engine.with({ add, remove })
  if (changed.ok) return changed.engine
  log.error({ problems: changed.problems.slice(0, 5) }, 'grants could not be put into the policy engine')
  const without = engine.with({ remove })
  if (without.ok) return without.engine
  throw new Error('grants could not be removed from the policy engine')
}

const loadIdentity = async (given: MemoryGiven, id: string, base: Base): Promise<LoadedIdentity | undefined> => {
  const identity = await given.identities.find(given.db, id)
  if (identity === undefined || identity.id !== id) return undefined
  const grants = await liveGrantsOf(given.db, id)
  const exceptions: [string, { id: string; expiresAt: Date }][] = []
  const resources = grants.filter(isKnown).flatMap((grant) => linesOf(grant, base.bundle).map((line) => line.resource))
  for (const resource of new Set(resources)) {
    if (base.resource(resource)?.environment === identity.environment) continue
    const found = await given.exceptions.find(given.db, ISOLATION, isolationSubject(id, resource), given.clock.now())
    if (found !== undefined) exceptions.push([resource, found])
  }
  const risk = await given.risks.of(given.db, id)
  const separation = isOutside(identity.boundary)
    ? await given.exceptions.find(given.db, SEPARATION, id, given.clock.now())
    : undefined
  return { identity, grants, risk, mayReadAndWriteUntil: separation?.expiresAt, exceptions: new Map(exceptions) }
}

/** The first set that is valid: what is stored, else what serves now, else the newest that was ever valid. */
const findValid = async (
  given: MemoryGiven,
  stored: Stored | undefined,
  serving: Base | undefined,
  builder: BaseBuilder,
): Promise<{ base: Base | undefined; problems: readonly SetProblem[] }> => {
  if (stored === undefined)
    return { base: undefined, problems: [{ policy: '', message: 'a stored row is not readable' }] }
  const built = builder.build(stored, 'store')
  if (built.ok) return { base: built.base, problems: [] }
  // What surrounds the texts may be as it was: then what serves needs no second look.
  if (serving !== undefined && isSameButTexts(stored, serving.stored))
    return { base: serving, problems: built.problems }
  const texts = serving?.stored.texts ?? (await newestRevision(given.db).catch(() => undefined))
  const again: Built = texts === undefined ? built : builder.build({ ...stored, texts }, 'store')
  return { base: again.ok ? again.base : undefined, problems: built.problems }
}

const isSameButTexts = (one: Stored, other: Stored): boolean =>
  JSON.stringify({ ...one, texts: [] }) === JSON.stringify({ ...other, texts: [] })

// A database that does not answer throws, and the change feed tries again; a row that makes no sense does not.
const readStored = async (db: AnyDb): Promise<Stored | undefined> => {
  try {
    const [texts, resources] = [await allTexts(db), await allResources(db)]
    const [bundles, modes] = [await allBundles(db), await allModes(db)]
    return { texts, resources, bundles, modes, applications: await allApplications(db) }
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && error.name === 'ZodError')) return undefined
    throw error
  }
}
