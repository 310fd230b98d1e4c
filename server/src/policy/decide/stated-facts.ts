import type { ResourceType } from '../domain/application.ts'
import { type DetailType, detailFacts } from '../domain/detail-type.ts'

const EVERYWHERE = ['now', 'weekday']
const OF_IDENTITY = ['workflow', 'repository', 'environment', 'pipeline', 'pipelineStage', 'risk']
const OF_CALLER = ['sourceIp', 'sourceRegion', 'isParty']
const ASKING = ['policy.decision.evaluate', 'policy.decision.search']

/** What is stated where the actions of resources are decided: at token requests, and where they are asked about. */
export const STATED_OF_ACCESS: readonly string[] = [
  ...EVERYWHERE,
  ...OF_IDENTITY,
  ...['sourceIp', 'sourceRegion', 'credentialKind', 'credentialCreatedAt', 'instance', 'approval', 'audience'],
  ...[
    'actor',
    'actor.id',
    'actor.name',
    'requested',
    'requested.scopes',
    'attestation',
    'devicePosture',
    'isSenderConstrained',
  ],
]

/** The same where the resources take authorization details: what a detail says is stated where one is asked for. */
export const statedOfAccess = (types: readonly DetailType[]): readonly string[] => {
  const facts = Object.keys(detailFacts(types))
  return facts.length === 0
    ? STATED_OF_ACCESS
    : [...STATED_OF_ACCESS, 'request', ...facts.map((fact) => `request.${fact}`)]
}

/** What is stated where a caller of this type calls one of this server's own operations. */
export const statedOfCall = (operation: string, callerType: string): readonly string[] => {
  const ofCaller = OF_CALLER.filter((fact) => fact !== 'isParty' || ASKING.includes(operation))
  const stated = [...EVERYWHERE, 'attestation', 'devicePosture']
  if (callerType === 'Identity') return [...stated, ...ofCaller, ...OF_IDENTITY, 'instance']
  // This server's own jobs come from nowhere.
  return callerType === 'Automation' ? stated : [...stated, ...ofCaller]
}

/** What is stated where an application asks about an action on things of its own: what it may state itself. */
export const statedOfQuestion = (resources: readonly ResourceType[], action: string): readonly string[] => {
  const facts = resources
    .flatMap(({ actions }) => actions)
    .flatMap((one) => (one.name === action ? Object.keys(one.facts) : []))
  return facts.length === 0 ? EVERYWHERE : [...EVERYWHERE, 'request', ...facts.map((fact) => `request.${fact}`)]
}

/** What is stated and is the same in every request, as a policy would write it: nothing proves any of it yet. */
export const ALWAYS_STATED: ReadonlyMap<string, string> = new Map([
  ['attestation', '"none"'],
  ['devicePosture', '"none"'],
])

/** The same of a server that has no database of regions. */
export const ALWAYS_WITHOUT_REGIONS: ReadonlyMap<string, string> = new Map([
  ...ALWAYS_STATED,
  ['sourceRegion', '"unknown"'],
])
