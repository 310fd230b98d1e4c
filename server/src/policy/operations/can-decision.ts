import { z } from 'zod'
import { Line, Moment } from '../../kit/text.ts'
import { readKept } from '../decide/recorded-request.ts'
import { PolicyView } from '../decision-shapes.ts'
import { expiredLately, explainRecorded, namePolicy } from '../explain.ts'
import { judgeNow } from '../judge-now.ts'
import { needIdentity, seenResource } from '../need.ts'
import { notGiven } from '../not-given.ts'
import { operation } from '../room.ts'
import { ActionName, Reference } from '../shapes.ts'
import { identitySubject } from '../views.ts'

/** Says what the policy would answer an identity now; nothing is issued, and the answer is marked as simulated. */
export const canDecision = operation.read({
  name: 'policy.decision.can',
  summary: 'whether an identity may do something on a resource now, and why; a simulation',
  input: z.strictObject({
    identity: Reference,
    action: ActionName,
    resource: Reference,
    credentialKind: Line(50).optional(),
    credentialCreatedAt: Moment.optional().describe('when the credential was made'),
    instance: Line(200).optional(),
    isSenderConstrained: z.boolean().optional().describe('whether the token is bound to a key, as with DPoP'),
    sourceIp: z.union([z.ipv4(), z.ipv6()]).optional(),
    sourceRegion: Line(50).optional().describe('the country of the address, such as `DE`'),
    at: Moment.optional().describe('the moment to ask about; now, when left out'),
  }),
  output: z.object({
    simulated: z.literal(true),
    isAllowed: z.boolean(),
    outcome: z.enum(['allow', 'deny']),
    enforced: z.boolean(),
    revision: z.string(),
    policies: z.array(PolicyView),
    because: z.array(z.string()),
    missing: z.array(z.string()),
    notGiven: z
      .array(z.string())
      .describe('facts of the input that were left out, so that they are not known, and that may turn the answer'),
    wouldAllow: z.string().nullable(),
  }),
  faults: ['grant_identity', 'resource_not_found'],
  on: async ({ db, input, ports }) => identitySubject(await needIdentity(ports, db, input.identity)),
  run: async ({ db, input, ports, now, sees }) => {
    const { memory } = ports
    const identity = await needIdentity(ports, db, input.identity)
    const resource = await seenResource(db, sees, input.resource)
    await memory.warm(identity.id)
    const at = input.at === undefined ? now : new Date(input.at)
    const grants = memory.warmed(identity.id)?.grants ?? []
    const asked = { identity, resource: resource.id, action: input.action }
    const judged = judgeNow(memory, asked, { at, imagined: input })
    const policies = judged.policies.map((id) => namePolicy(memory, id, { grants }))
    const invariants = policies.filter(({ id }) => id.startsWith('reeve:')).flatMap(({ text }) => text ?? [])
    const request = readKept(judged.kept.body)
    const isPlain = judged.outcome === 'deny' && invariants.length === 0 && request !== undefined
    const expired = isPlain ? await expiredLately(db, identity.id, now) : []
    const explained = isPlain ? explainRecorded(memory, request, { at, now, expired }) : undefined
    const imagined = { action: input.action, at, imagined: input }
    return {
      output: {
        simulated: true as const,
        isAllowed: judged.isAllowed,
        outcome: judged.outcome,
        enforced: judged.isEnforced,
        revision: judged.revision,
        policies,
        because: [...invariants, ...(explained?.because ?? [])],
        missing: [...new Set([...judged.missing, ...(explained?.missing ?? [])])].sort(),
        notGiven: request === undefined ? [] : [...notGiven(memory, judged, request, imagined)],
        wouldAllow: explained?.wouldAllow ?? null,
      },
      evidence: { resource: resource.id },
    }
  },
})
