import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { createApproving } from '../approving.ts'
import { policyFault } from '../faults.ts'
import { assertValid, changedTexts, storeTexts } from '../put-texts.ts'
import { operation } from '../room.ts'
import { ApprovalId, PolicyTextInput } from '../shapes.ts'
import { changesBetween } from '../views.ts'

const NameList = z.array(z.string().min(1).max(100)).max(500).default([])

/** Stores and removes policy texts as one change; nothing is stored of a set that is not valid. */
export const changeSet = operation.write({
  name: 'policy.set.change',
  summary: 'store or remove policies; a set that is not valid is refused as a whole',
  input: z.strictObject({
    put: z.array(PolicyTextInput).max(500).default([]),
    remove: NameList,
    approval: ApprovalId,
  }),
  output: z.object({
    revision: z.string(),
    policies: z.array(z.object({ name: z.string(), verb: z.enum(['created', 'changed', 'unchanged', 'removed']) })),
  }),
  faults: ['policy_invalid', 'policy_not_found', 'policy_locks_out'],
  prepare: async ({ input, ports }) => {
    const { base, check, digestOf } = ports.memory
    const put = input.put.map((text) => ({ ...text, directory: null }))
    const { stored } = base()
    const { texts } = stored
    const missing = input.remove.find((name) => !texts.some((text) => text.name === name))
    if (missing !== undefined) throw policyFault('policy_not_found', { about: missing })
    const set = { ...stored, texts: changedTexts(texts, { put, remove: input.remove }) }
    assertValid(await check(set))
    return { put, judgedOn: digestOf(set) }
  },
  on: () => DEPLOYMENT,
  run: async ({ tx, input, prepared, ports, now, caller }) => {
    const by = caller.actor.id
    const call = { operation: 'policy.set.change', input, requester: by, now, isDryRun: false }
    const approving = createApproving(tx, ports, { ...call, approval: input.approval })
    const given = { now, by, need: approving.need, ports, judgedOn: prepared.judgedOn }
    const { texts, revision } = await storeTexts(tx, { put: prepared.put, remove: input.remove }, given)
    // INVARIANT: only now is it known what all of it needs; without that approval nothing of it happened.
    const approval = await approving.settle()
    const policies = texts.map(({ name, verb }) => ({ name, verb }))
    const isSame = policies.every(({ verb }) => verb === 'unchanged')
    return {
      output: { revision, policies },
      change: texts.flatMap(({ name, before, after }) =>
        changesBetween({ [name]: before?.text ?? null }, { [name]: after?.text ?? null }),
      ),
      evidence: { revision },
      ...(approval === undefined ? {} : { approval }),
      signals: isSame ? [] : [{ topic: 'policy', key: '*' }],
    }
  },
})
