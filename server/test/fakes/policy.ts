import { isProduction, normalEnvironment } from '../../src/inventory/domain/environment.ts'
import { createLog } from '../../src/kit/log.ts'
import type { Operation } from '../../src/kit/operation.ts'
import { decidedOf, findDecision, keptTexts } from '../../src/ledger/find-decision.ts'
import { countDecisions, recordedDecisions } from '../../src/ledger/recorded-decisions.ts'
import { usesSince } from '../../src/observe/store-use.ts'
import { createPolicyMemory, type KnownOperation, type PolicyMemory, policyOperations } from '../../src/policy/index.ts'
import type { Appliers, Decider, PolicyPorts } from '../../src/policy/room.ts'
import type { Room } from '../room.ts'
import { type FakeApprovals, fakeApprovals } from './approvals.ts'
import { type FakeExceptions, fakeExceptions } from './policy-exceptions.ts'
import { type FakeIdentities, fakeIdentities } from './policy-identities.ts'
import { type FakeRisks, fakeRisks } from './policy-risks.ts'

/** The policy room on a real database, with its ports faked. */
export interface PolicyBench {
  readonly memory: PolicyMemory
  readonly identities: FakeIdentities
  readonly exceptions: FakeExceptions
  readonly risks: FakeRisks
  readonly approvals: FakeApprovals
  /** Who approves and administers; nobody until a test says so. */
  readonly deciders: Decider[]
  readonly ports: PolicyPorts
  /** One of its operations, by name. */
  operation(name: string): Operation
  /** Calls one of its operations as an admin. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at the answer as it comes over the wire
  call(name: string, input: unknown): Promise<any>
}

/** Opens the policy room in a test's room and starts its memory. */
export const openPolicy = async (
  room: Room,
  given: {
    appliers?: (identities: FakeIdentities) => Appliers
    decisions?: PolicyPorts['decisions']
    knowsRegions?: boolean
    others?: readonly KnownOperation[]
  } = {},
): Promise<PolicyBench> => {
  const [identities, exceptions, approvals] = [fakeIdentities(), fakeExceptions(), fakeApprovals()]
  const { database, changes, clock, cursors } = room
  const deciders: Decider[] = []
  const log = createLog('silent')
  const risks = fakeRisks()
  const memory = createPolicyMemory({ db: database.reader, changes, identities, exceptions, risks, clock, log })
  const ports: PolicyPorts = {
    cursors,
    identities,
    exceptions,
    approvals,
    memory,
    knowsRegions: given.knowsRegions ?? true,
    environments: { normal: normalEnvironment, isProduction },
    appliers: given.appliers?.(identities) ?? NO_APPLIERS,
    decisions: given.decisions ?? {
      find: findDecision,
      kept: keptTexts,
      recorded: recordedDecisions,
      count: countDecisions,
      decidedOf,
    },
    deciders: { list: async () => deciders },
    uses: { since: usesSince },
  }
  const operations = policyOperations.map((unplugged) => unplugged(ports))
  await memory.start([...operations, ...(given.others ?? [])])
  const operation = (name: string): Operation => {
    const found = operations.find((one) => one.name === name)
    if (found === undefined) throw new Error(`no operation ${name}`)
    return found
  }
  return {
    memory,
    identities,
    exceptions,
    risks,
    approvals,
    deciders,
    ports,
    operation,
    call: (name, input) => room.call(operation(name), input),
  }
}

const NO_APPLIERS: Appliers = {
  misshapen: () => [],
  retire: async () => {
    throw new Error('this test retires nobody')
  },
  team: async () => {
    throw new Error('this test applies no teams')
  },
  identity: async () => {
    throw new Error('this test applies no identities')
  },
}
