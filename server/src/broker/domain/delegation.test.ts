import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AccessTokenClaims, actorsOf, delegationMax, stoppableNames } from '@reeve/sdk'
import fc from 'fast-check'
import { rounds } from '../../../../test/rounds.ts'
import { delegate } from './delegation.ts'

interface Node {
  readonly claims: AccessTokenClaims
  readonly parent: number | undefined
}

const root: AccessTokenClaims = {
  ...{ iss: 'https://reeve.example', sub: 'nhi_0', client_id: 'nhi_0', aud: 'https://a.example', scope: 'a.read' },
  ...{ iat: 0, exp: 600, jti: 'root' },
  reeve: {
    ...{ principal_type: 'nhi', name: 'zero', environment: 'test', tier: 'low' },
    ...{ owner: 'team_0', credential: 'crd_0' },
  },
}

/** A tree of exchanges: each step takes a token that is there and a presenter, and adds one where that is let. */
const grow = (steps: readonly (readonly [number, number])[]): readonly Node[] => {
  const nodes: Node[] = [{ claims: root, parent: undefined }]
  for (const [at, who] of steps) {
    const parent = at % nodes.length
    const subject = nodes[parent]?.claims ?? root
    const [id, jti] = [`nhi_${who}`, `jti_${nodes.length}`]
    const link = { jti: subject.jti, sub: id, owner: `team_${who}`, credential: `crd_${who}_${nodes.length}` }
    const made = delegate(subject, { id, servesAudience: true, links: [link] })
    if (typeof made === 'string') continue
    const claims = { ...subject, client_id: made.act?.sub ?? subject.sub, jti, act: made.act }
    nodes.push({ claims: { ...claims, reeve: { ...subject.reeve, chain: made.chain } }, parent })
  }
  return nodes
}

const isBelow = (nodes: readonly Node[], at: number | undefined, above: number): boolean =>
  at !== undefined && (at === above || isBelow(nodes, nodes[at]?.parent, above))

const steps = fc.array(fc.tuple(fc.nat(40), fc.nat(8)), { maxLength: 40 })

test('T5: however a tree of exchanges is built, a stop of any token stops all below it and nothing beside it', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const nodes = grow(taken)
      for (const [stopped, { claims: node }] of nodes.entries())
        for (const [at, { claims }] of nodes.entries()) {
          const isStopped = stoppableNames(claims).some(([scope, id]) => scope === 'token' && id === node.jti)
          assert.equal(isStopped, isBelow(nodes, at, stopped), `${stopped} stops ${at}`)
        }
    }),
    { numRuns: rounds({ quick: 500, full: 50_000 }) },
  )
})

test('T5: however a tree of exchanges is built, its chains are bounded, name nobody twice, and a stop of any actor counts', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      for (const { claims } of grow(taken)) {
        const actors = actorsOf(claims.act)
        assert.ok(actors.length <= delegationMax.actors)
        assert.ok((claims.reeve.chain ?? []).length <= delegationMax.links)
        assert.equal(new Set([claims.sub, ...actors]).size, actors.length + 1)
        const names = stoppableNames(claims).map((name) => name.join(':'))
        for (const id of [claims.sub, ...actors]) assert.ok(names.includes(`identity:${id}`), id)
      }
    }),
    { numRuns: rounds({ quick: 500, full: 50_000 }) },
  )
})
