import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicies, type Request } from '@reeve/cedar'
import { identityOf } from '../../../test/fakes/policy-identities.ts'
import { resourceOf } from '../../../test/fakes/resources.ts'
import { at, contextOf } from '../decide/context.ts'
import { identityFacts } from '../decide/identity-facts.ts'
import type { Conditions, Grant } from '../domain/grant.ts'
import { readSource } from '../engine/index.ts'
import { createBaseBuilder } from '../memory/base.ts'
import { uid } from '../memory/entities.ts'
import { grantSources, isSeparation } from '../memory/grant-sources.ts'
import { sideOf } from '../plan/grounds.ts'
import { lintGrants } from './grant-lints.ts'

const NOW = new Date('2026-01-05T12:00:00Z')
const ORDERS = resourceOf({ name: 'orders' })
const SYNC = identityOf({ id: 'nhi_sync' })

interface Made {
  readonly conditions: Conditions
  readonly pipeline: string | null
  readonly knowsRegions: boolean
}

// Every combination: what a grant asks for, where its identity runs, and what the server can say.
const SETS: readonly Made[] = [undefined, ['DE'], ['FR', 'AT']].flatMap((regions) =>
  [undefined, ['deploy'], ['build', 'deploy']].flatMap((pipelineStages) =>
    [null, 'git.example/orders/release.yml', 'git.example/orders/release.yml#deploy'].flatMap((pipeline) =>
      [true, false].flatMap((knowsRegions) =>
        [
          {},
          { sourceNetworks: ['10.0.0.0/8'] },
          { credentialKinds: ['public-key'], instances: ['one'] },
          { timeWindow: { from: '08:00', to: '18:00' } },
          { environments: ['production'], riskMax: 50, credentialAgeDaysMax: 30 },
        ].map((others) => ({ conditions: { ...others, regions, pipelineStages }, pipeline, knowsRegions })),
      ),
    ),
  ),
)

const grantOf = (conditions: Conditions): Grant => ({
  id: 'grt_one',
  identity: SYNC.id,
  name: 'one',
  gives: { resource: ORDERS.id, actions: ['orders.read'] },
  conditions,
  expiresAt: new Date(NOW.getTime() + 86_400_000),
  expiresText: '1d',
  createdAt: NOW,
  createdBy: null,
  approval: null,
  directory: 'shop',
  end: null,
})

const built = createBaseBuilder([]).build(
  { texts: [], resources: [ORDERS], bundles: [], modes: [], applications: [] },
  'asked',
)

const toldOf = ({ conditions, pipeline, knowsRegions }: Made) => {
  assert.ok(built.ok)
  const grant = grantOf(conditions)
  const holders = new Map([[SYNC.id, { ...SYNC, pipeline }]])
  const declared = { grants: [{ value: grant, name: 'one', place: null }], bundles: [], holders, knowsRegions }
  return lintGrants(sideOf(built.base, [grant]), declared, NOW).filter(({ lint }) => lint === 'never-stated')
}

/** Whether the evaluator lets the grant give something in any request that this server can state. */
const givesAnything = ({ conditions, pipeline, knowsRegions }: Made): boolean => {
  assert.ok(built.ok)
  const sources = grantSources(grantOf(conditions), built.base).policies.filter(({ id }) => !isSeparation(id))
  const compiled = compilePolicies(
    sources.flatMap(({ id, text }) => {
      const est = readSource(text)
      return est === undefined ? [] : [{ id, est }]
    }),
  )
  assert.ok(compiled.ok)
  return (knowsRegions ? ['DE', 'FR', 'AT', null] : [null]).some((sourceRegion) => {
    const context = contextOf({
      ...identityFacts({ identity: { ...SYNC, pipeline }, risk: 0 }),
      ...{ sourceIp: '10.1.1.1', sourceRegion, credentialKind: 'public-key', instance: 'one' },
      credentialCreatedAtMs: NOW.getTime(),
    })
    const request: Request = {
      principal: uid('Identity', SYNC.id),
      action: uid('Action', 'orders.read'),
      resource: uid('Resource', ORDERS.id),
      context: at(context, NOW),
      entities: [],
    }
    return compiled.policies.decide(request).decision === 'allow'
  })
}

test('never-stated of a grant tells of at least 99 in 100 that can never give, and at least 99 in 100 of what it tells of is one', () => {
  const count = { right: 0, missed: 0, wrongly: 0, silent: 0 }
  for (const made of SETS) {
    const isTold = toldOf(made).length > 0
    count[givesAnything(made) ? (isTold ? 'wrongly' : 'silent') : isTold ? 'right' : 'missed']++
  }
  const precision = count.right / (count.right + count.wrongly)
  const recall = count.right / (count.right + count.missed)
  console.log(
    `lint never-stated of a grant: ${SETS.length} different sets, ${count.right + count.missed} wrong; precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`,
  )
  assert.ok(SETS.length >= 200 && count.right >= 100 && count.silent >= 80, JSON.stringify(count))
  assert.ok(precision >= 0.99 && recall >= 0.99, JSON.stringify(count))
})
