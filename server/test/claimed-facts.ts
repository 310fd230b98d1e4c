import type { Admin, RunningServer } from './process.ts'
import { setUpWorkload, type Workload } from './workload.ts'

/** A fact that only the server states, with what a caller would gain by claiming it. */
interface Claimed {
  /** The action that is permitted when the claim is believed. */
  readonly action: string
  readonly when: string
  readonly lie: string | number
  readonly spellings: readonly string[]
}

/** Facts that the register, the findings and the network state, in spellings in which a caller may claim them. */
export const CLAIMED: readonly Claimed[] = [
  {
    action: 'claimed.region',
    when: 'context has sourceRegion && context.sourceRegion == "DE"',
    lie: 'DE',
    spellings: ['sourceRegion', 'source_region', 'SourceRegion', 'region', 'country', 'context.sourceRegion'],
  },
  {
    action: 'claimed.risk',
    when: 'context has risk && context.risk == 7',
    lie: 7,
    spellings: ['risk', 'Risk', 'risk_score', 'context.risk', 'context[risk]', ' risk'],
  },
  {
    action: 'claimed.approval',
    when: 'context has approval && context.approval == "apr_claimed"',
    lie: 'apr_claimed',
    spellings: ['approval', 'Approval', 'approval_id', 'context.approval', 'context[approval]', 'approval '],
  },
  {
    action: 'claimed.stage',
    when: 'context has pipelineStage && context.pipelineStage == "deploy"',
    lie: 'deploy',
    spellings: ['pipelineStage', 'pipeline_stage', 'stage', 'PipelineStage', 'context.pipelineStage'],
  },
  {
    action: 'claimed.pipeline',
    when: 'context has pipeline && context.pipeline == "acme/orders/release#deploy"',
    lie: 'acme/orders/release#deploy',
    spellings: ['pipeline', 'Pipeline', 'workflow_ref', 'context.pipeline', 'context[pipeline]'],
  },
  {
    action: 'claimed.attestation',
    when: 'context has attestation && context.attestation == "tpm"',
    lie: 'tpm',
    spellings: ['attestation', 'Attestation', 'attested', 'context.attestation', 'аttestation'],
  },
  {
    action: 'claimed.posture',
    when: 'context has devicePosture && context.devicePosture == "compliant"',
    lie: 'compliant',
    spellings: ['devicePosture', 'device_posture', 'posture', 'context.devicePosture', 'context[devicePosture]'],
  },
]

/** What is permitted by what the server knows of the same caller. */
export const KNOWN = 'claimed.known'

const KNOWN_WHEN = [
  'context has sourceRegion && context.sourceRegion == "unknown"',
  'context has risk && context.risk != 7',
  'context has attestation && context.attestation == "none"',
  'context has devicePosture && context.devicePosture == "none"',
  '!(context has approval) && !(context has pipeline) && !(context has pipelineStage)',
].join(' && ')

/** The place where the claims are tried. */
export interface ClaimedPlace {
  readonly workload: Workload
  readonly name: string
  readonly uri: string
}

/** Registers a resource with an action for each claim, and the policies that permit it. */
export const setUpClaims = async (server: RunningServer, admin: Admin): Promise<ClaimedPlace> => {
  const workload = await setUpWorkload(server, admin)
  const { policy } = admin.client(server)
  const [name, uri] = ['claimed', 'https://claimed.example.com/']
  const actions = [...CLAIMED.map(({ action }) => action), KNOWN]
  const resource = await policy.resource.create({
    name,
    uri,
    environment: 'test',
    sensitivity: 'internal',
    servedBy: [workload.api.id],
    actions: actions.map((action) => ({ name: action, effect: 'read' as const })),
  })
  const permit = (action: string, when: string): string =>
    `permit (principal == Reeve::Identity::"${workload.id}", action == Reeve::Action::"${action}", resource == Reeve::Resource::"${resource.id}") when { ${when} };`
  const text = [...CLAIMED.map(({ action, when }) => permit(action, when)), permit(KNOWN, KNOWN_WHEN)].join('\n')
  await policy.set.change({ put: [{ name: 'claimed', file: 'policies/claimed.cedar', text }] })
  return { workload, name, uri }
}
