import type { X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { createBroker } from './broker/index.ts'
import { createConnectors } from './connectors/index.ts'
import type { Judge } from './connectors/judge.ts'
import type { Foundation } from './foundation.ts'
import * as inventory from './inventory/index.ts'
import type { Clock } from './kit/clock.ts'
import type { AnyDb, AnyTx } from './kit/database.ts'
import { coreFault } from './kit/fault.ts'
import type { Outbound, Reaching } from './kit/fetch.ts'
import type { Job } from './kit/job.ts'
import { createLimiter } from './kit/limiter.ts'
import type { Log } from './kit/log.ts'
import type { Caller, Operation } from './kit/operation.ts'
import { createPipeline, type Pipeline } from './kit/pipeline.ts'
import type { Random } from './kit/random.ts'
import { sweepKit } from './kit/sweep.ts'
import { decidedOf, findDecision, keptTexts } from './ledger/find-decision.ts'
import { OWN_ACTOR } from './ledger/own-act.ts'
import { countDecisions, recordedDecisions } from './ledger/recorded-decisions.ts'
import * as lifecycle from './lifecycle/index.ts'
import * as observe from './observe/index.ts'
import * as policy from './policy/index.ts'
import { TIERS } from './settings.ts'

/** The five rooms, plugged into each other, and the pipeline that is the one way to call them. */
export interface Rooms {
  readonly broker: ReturnType<typeof createBroker>
  readonly operations: readonly Operation[]
  readonly pipeline: Pipeline
  readonly evaluator: policy.QuestionEvaluator
  readonly sessions: lifecycle.SessionGate
  readonly memory: policy.PolicyMemory
  readonly jobs: readonly Job[]
  readonly connectorRuns: inventory.ConnectorRuns
  /** How the two policy engines compare on what was decided lately. */
  shadowCounts(): policy.ShadowCounts
  /** How many identities of each kind are in which state. */
  identityCounts(): Promise<readonly inventory.IdentityCount[]>
  start(): Promise<void>
  stop(): Promise<void>
}

/** What the rooms are handed from the process. */
export interface RoomsGiven {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly outbound: Outbound & Reaching
  /** The secret of a connector that whoever runs this server put into a variable or file of this name. */
  readonly placedSecret?: inventory.ConnectorRunPorts['placedSecret']
  /** Reads and judges what vendors answer; a thread of its own unless told otherwise. */
  readonly judgeLive?: Judge
  /** Waits as vendors ask to; in earnest unless told otherwise. */
  readonly waitLive?: (seconds: number) => Promise<void>
  /** The CAs that issue certificates to clients, as they are now. */
  readonly clientCas?: () => readonly X509Certificate[]
  /** The URL under which those who show certificates reach this server, where it is another than the issuer's. */
  readonly mtlsUrl?: () => string | undefined
  /** Another address of the STS of AWS than its public ones. */
  readonly awsStsUrl?: string | undefined
  /** Which engine decides, that the official one looks at one decision in so many, and whether regions can be told. */
  readonly deciding: {
    readonly evaluator: policy.Evaluator
    readonly shadowEvery: number
    readonly knowsRegions: boolean
  }
  /** When the standing report of what is at high risk is made, and who is told of it; neither without. */
  readonly reports?: {
    readonly schedule: string | undefined
    readonly receiver: observe.ReportReceiver | undefined
  }
  issuer(): string
}

/** What of the foundation the rooms stand on. */
type Ground = Pick<Foundation, 'database' | 'sealer' | 'cursors' | 'changes' | 'hot' | 'committed' | 'replica'> & {
  readonly sequencer: Pick<Foundation['sequencer'], 'poke' | 'flush' | 'onNumbered'>
  readonly keeper: Pick<Foundation['keeper'], 'vkey'>
}

/** Plugs the rooms: each names in its room.ts what it needs, and here it is told who gives it. */
export const plugRooms = (foundation: Ground, given: RoomsGiven): Rooms => {
  const { database, sealer, cursors, changes, hot, sequencer, keeper, committed, replica } = foundation
  const { clock, random, log, outbound, clientCas, mtlsUrl, awsStsUrl, issuer, deciding, reports } = given
  const exceptions = { find: lifecycle.findException, inForce: lifecycle.exceptionsInForce }
  const identities = {
    find: inventory.findSubject,
    hold: inventory.holdSubject,
    findTeam: inventory.findTeam,
    list: inventory.listSubjects,
    idsAfter: inventory.idsAfter,
  }
  const findings = { report: observe.createReport({ identities }) }
  const approvals = lifecycle.createApprovals()
  const sessions = lifecycle.createSessionGate()
  changes.follow('session', sessions.follower)

  const shadow = policy.createShadow({
    every: deciding.shadowEvery,
    differed: (difference) => log.error({ difference }, 'two policy engines do not agree on a decision'),
  })
  const memory = policy.createPolicyMemory({
    ...{ db: database.reader, changes, identities, exceptions, clock, log },
    risks: { of: observe.openRisk },
    deciding: { evaluator: deciding.evaluator, watch: shadow.watch },
  })
  const decisions = policy.withOwnApi(policy.createDecisions(memory, random), {
    issuer,
    random,
    revision: () => memory.base().revision,
  })
  const verifiers = {
    reachedBy: async (db: AnyDb, identityId: string | null, max: number) => {
      const ids = (await policy.serversReachedBy(db, identityId)).slice(0, max)
      const found = await Promise.all(ids.map((id) => inventory.findSubject(db, id)))
      return found.flatMap((each) => (each === undefined || each.state === 'retired' ? [] : [each]))
    },
  }
  const receivers = { toldOf: policy.createReceivers(memory) }
  const broker = createBroker({
    ports: {
      verifiers,
      receivers,
      cursors,
      subjects: identities,
      decisions,
      sealer,
      random,
      tiers: TIERS,
      issuer,
      exceptions,
      findings,
      uses: { countedUntil: observe.usesCountedUntil },
      ...{ approvals, isFourEyes: lifecycle.isFourEyes, mustBeReleasable: inventory.mustBeReleasable },
    },
    database,
    changes,
    hot,
    replica,
    outbound,
    ...(clientCas === undefined ? {} : { clientCas }),
    ...(mtlsUrl === undefined ? {} : { mtlsUrl }),
    stsUrl: awsStsUrl === undefined ? undefined : (region) => awsStsUrl.replaceAll('{region}', region),
    clock,
    log,
  })
  const rights = (db: AnyDb, identityId: string) => policy.rightsOf(db, identityId, inventory.environments)
  const endings = {
    retire: async (tx: AnyTx, identityId: string, reason: string, now: Date) => [
      ...(await broker.endCredentials(tx, identityId, reason, now)),
      ...(await policy.endGrants(tx, identityId, reason, now)),
    ],
  }
  const belongings = {
    give: async (tx: AnyTx, identityId: string, teamId: string) => {
      await broker.giveCredentials(tx, identityId, teamId)
      await policy.giveToTeam(tx, identityId, teamId)
      await observe.giveFindings(tx, identityId, teamId)
      await lifecycle.giveExceptions(tx, identityId, teamId)
    },
    follow: async (tx: AnyTx, move: Parameters<typeof observe.moveFindings>[1]) =>
      observe.riskSignals(await observe.moveFindings(tx, move)),
  }
  const impact = { credentials: broker.impact.credentials, grants: policy.grantsOf, recentUse: observe.recentUse }
  const sightings = { identitiesOf: inventory.identitiesSighted }
  const keys = { holders: broker.holdersOfKeys }
  const vendors = createConnectors({
    ...{ reach: outbound, clock },
    salt: () => sealer.derive('scan salt').toString('base64url'),
    ...(given.judgeLive === undefined ? {} : { judge: given.judgeLive }),
    ...(given.waitLive === undefined ? {} : { wait: given.waitLive }),
  })
  const inventoryPorts = {
    ...{ cursors, stops: broker.stops, impact, approvals, keys, findings, belongings, endings },
    connectors: { sealer, vendors },
  }
  const posturePorts = {
    credentials: broker.impact.held,
    grants: policy.grantsOfAll,
    usedActions: observe.actionsUsed,
    usedByPeople: observe.usedByPeople,
    personDays: observe.personDaysSince,
    findings: observe.createJudgement({ owners: inventory.ownersOf, identities, random, changes }),
  }
  const regradePorts = { findings, refusedByTier: broker.refusedByTier }
  const policyPorts = {
    cursors,
    identities: {
      ...identities,
      seenByScans: inventory.seenByScans,
      regradeGiven: (tx: AnyTx, identityId: string, now: Date) =>
        inventory.regradeGiven(tx, identityId, () => rights(tx, identityId), now),
      regradeFound: (tx: AnyTx, identityId: string, now: Date) =>
        inventory.regradeFound(tx, regradePorts, identityId, () => rights(tx, identityId), now),
    },
    environments: inventory.environments,
    knowsRegions: deciding.knowsRegions,
    approvals,
    exceptions,
    appliers: {
      misshapen: inventory.misshapen,
      team: inventory.applyTeam,
      identity: (tx: AnyTx, declared: unknown, applied: inventory.ApplyGiven) =>
        inventory.applyIdentity(inventoryPorts, tx, declared, applied),
      retire: inventory.retireDeclared(inventoryPorts),
    },
    deciders: { list: lifecycle.deciders },
    decisions: { find: findDecision, kept: keptTexts, decidedOf, recorded: recordedDecisions, count: countDecisions },
    uses: { since: observe.usesSince },
    memory,
  }
  const reasons = {
    dec: policy.createWhyDecision(policyPorts),
    grt: (db: AnyDb, id: string, now: Date) => policy.whyGrant(policyPorts, db, id, now),
    ...broker.reasons,
    nhi: inventory.whyIdentity,
    apr: lifecycle.whyApproval,
  }
  const teams = { find: inventory.findTeam }
  const subjectOf = { apr: lifecycle.aboutApproval({ teams }) }
  const identityOf = { ...broker.identityOf, grt: policy.identityOfGrant }
  const resources = {
    served: (uri: string, identityId: string) =>
      decisions.resourcesServedBy(identityId).find((resource) => resource.uri === uri),
  }
  const owned = { find: policy.findResource }
  const calls = { rehearsal }
  const receiver = reports?.receiver
  const hasReceiver = receiver !== undefined
  const logPort = { vkey: keeper.vkey, flush: () => sequencer.flush() }
  const byName = new Map<string, Operation>()
  const operations: readonly Operation[] = [
    ...inventory.inventoryOperations.map((unplugged) => unplugged(inventoryPorts)),
    ...broker.operations,
    ...policy.policyOperations.map((unplugged) => unplugged(policyPorts)),
    ...observe.observeOperations.map((unplugged) =>
      unplugged({
        ...{ cursors, random, resources, identities, teams, sightings },
        ...{ log: logPort, reasons, identityOf, subjectOf },
        hasReceiver,
      }),
    ),
    ...lifecycle.lifecycleOperations.map((unplugged) =>
      unplugged({
        cursors,
        random,
        issuer,
        codesNamed: createLimiter(clock, LOGIN_CODES_PER_MINUTE),
        teams,
        identities,
        resources: owned,
        approvals,
        findings,
        calls,
      }),
    ),
  ]
  for (const operation of operations) byName.set(operation.name, operation)

  /** What is approved is what the operation itself asks for, tried out as the caller. */
  async function rehearsal(call: {
    readonly operation: string
    readonly input: Readonly<Record<string, unknown>>
    readonly approval: string
    readonly caller: Caller
  }) {
    const operation = byName.get(call.operation)
    if (operation === undefined) throw coreFault('unknown_operation', { about: call.operation })
    if (!takesApproval(operation)) return undefined
    return pipeline.rehearsal(operation, { ...call.input, approval: call.approval }, call.caller)
  }

  const decider = policy.createCallDecider(memory, random)
  const evaluator = policy.createEvaluator({
    memory,
    decider,
    hot,
    clock,
    ports: policyPorts,
    db: database.reader,
  })
  const pipeline = createPipeline({ database, changes, hot, decider, sealer, clock, random, log, committed })
  const call = (operation: Operation, input: unknown) => pipeline.call(operation, input, automation(random))
  const connectorRuns = inventory.createConnectorRuns({
    ...{ database, replica, log, call },
    ports: {
      sealer,
      placedSecret: given.placedSecret ?? (() => undefined),
      see: ({ connector, ...asking }) => vendors.see(connector, asking),
      write: ({ connector, ...asking }) => vendors.write(connector, asking),
      fits: vendors.fits,
    },
    operations: {
      importSightings: mustFind(byName, 'inventory.sighting.import'),
      importFindings: mustFind(byName, 'observe.finding.import'),
      finish: mustFind(byName, 'inventory.connector.finish'),
      tag: mustFind(byName, 'inventory.connector.tag'),
    },
  })
  const jobs = [
    ...broker.jobs(call),
    inventory.runConnectorsJob(connectorRuns),
    inventory.expireJob({ db: database.reader, expire: mustFind(byName, 'inventory.identity.expire'), call }),
    inventory.sumCountsJob(database),
    inventory.recountJob(database),
    observe.recordLastUse({ database, clock, ports: { markUsed }, log: sequencer }),
    observe.forgetOldUse(database),
    observe.reopenFindings({ database, identities, changes, random, committed: () => committed([]) }),
    inventory.judgeNewJob({ database, ports: posturePorts, committed: () => committed([]) }),
    inventory.judgePostureJob({ database, ports: posturePorts, committed: () => committed([]) }),
    observe.makeReports({
      ...{ database, parts: { identities, random, hasReceiver }, schedule: reports?.schedule },
      committed: () => committed([]),
    }),
    observe.deliverReports({
      ...{ database, clock, random, outbound, receiver, findings },
      committed: () => committed([]),
    }),
    observe.forgetOldReports(database),
    observe.thinCheckpoints(database),
    lifecycle.forgetOver(database),
    sweepKit(database),
    policy.endOverdueGrants({ database, changes, random, ports: policyPorts, committed: () => committed([]) }),
    policy.watchSet({ database, memory, findings }),
    policy.watchShadow({ database, shadow, findings }),
  ]

  async function markUsed(tx: AnyTx, used: observe.LastUsed): Promise<void> {
    const identitiesUsed = used.identities.map(({ id, at }) => ({ identity: id, at }))
    await inventory.markUsed(tx, identitiesUsed, clock.now())
    await broker.markUsed(
      tx,
      used.credentials.map(({ id, at }) => ({ credential: id, at })),
    )
    await broker.markSeen(tx, used.instances)
    await broker.markConsumers(tx, used.consumers)
    await changes.signal(tx, await broker.reportRetiredUse(tx, used.attempts))
  }

  return {
    broker,
    operations,
    pipeline,
    evaluator,
    sessions,
    memory,
    jobs,
    shadowCounts: shadow.counts,
    identityCounts: () => inventory.identityCounts(database.reader),
    connectorRuns,
    stop: async () => {
      await connectorRuns.stop()
      await broker.stop()
      await shadow.close()
    },
    start: async () => {
      await memory.start(operations)
      await broker.start()
    },
  }
}

// To look at one and to approve it are two; of 2^34 codes that live for ten minutes nobody finds one so.
const LOGIN_CODES_PER_MINUTE = 10

// What must name an approval is about it, such as a vote; what may come with one spends it.
const takesApproval = ({ effect, input }: Operation): boolean => {
  const field: unknown = input instanceof z.ZodObject ? input.shape.approval : undefined
  return effect === 'write' && field instanceof z.ZodType && field.safeParse(undefined).success
}

const mustFind = (operations: ReadonlyMap<string, Operation>, name: string): Operation => {
  const found = operations.get(name)
  if (found === undefined) throw new Error(`there is no operation ${name}`)
  return found
}

/** This server's own jobs, as the pipeline and the log see them. */
const automation = (random: Random): Caller => ({
  actor: OWN_ACTOR,
  roles: [],
  credential: null,
  instance: null,
  token: null,
  workflow: null,
  source: { ip: null, region: null, userAgent: null },
  requestId: random.id('req'),
  traceparent: null,
})
