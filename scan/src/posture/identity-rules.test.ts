import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OWASP_NUMBERS, type Sighting } from '../report.ts'
import { judge, rules } from './judge.ts'
import { riskOf } from './risk.ts'
import { RISK_MAX, RISK_POINTS } from './risk-factors.ts'

const NOW = new Date('2026-11-22T12:00:00Z')
const where = { path: 'register/deployer', line: 1, repository: '', inRepository: 'register/deployer' }

const seen = (traits: readonly string[], change: Partial<Sighting> = {}): Sighting => ({
  source: 'register',
  kind: 'bot',
  name: 'deployer',
  stableKey: 'nhi_one',
  repository: '',
  where,
  alsoAt: [],
  reaches: [],
  evidence: [],
  environment: null,
  ownerHint: { value: 'platform', because: 'the register' },
  traits: traits.map((trait) => ({ trait, detail: `because ${trait}`, where })),
  ...change,
})

const found = (...traits: string[]) =>
  judge({ sightings: [seen(traits)], now: NOW }).map(({ rule, severity }) => `${rule} ${severity}`)

test('every risk of the OWASP NHI Top 10 has rules, and every rule has its own id, and says why and how to mend it', () => {
  const numbers = new Set(rules.map(({ owasp }) => owasp))
  assert.deepEqual(
    OWASP_NUMBERS.filter((number) => !numbers.has(number)),
    [],
  )
  assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length)
  assert.deepEqual(
    rules.filter(({ why, fix, title }) => why.length < 20 || fix.length < 10 || title.length < 5).map(({ id }) => id),
    [],
  )
})

test('each fact of an identity is the finding that its rule names, worse where the identity is privileged', () => {
  const cases: Readonly<Record<string, string>> = {
    'nhi:unused': 'posture/unused medium',
    'nhi:retired-seen': 'posture/retired-but-seen high',
    'nhi:leaked': 'posture/leaked-secret high',
    'nhi:refused-credential': 'posture/refused-credential high',
    'nhi:unused-rights': 'posture/unused-rights medium',
    'nhi:general-purpose': 'posture/general-purpose high',
    'nhi:class-below-seen': 'posture/class-below-seen high',
    'nhi:many-children': 'posture/many-children medium',
    'nhi:long-lived': 'posture/long-lived-credential medium',
    'nhi:environments': 'posture/shared-across-environments high',
    'nhi:shared': 'posture/shared medium',
    'nhi:units': 'posture/shared-across-units high',
    'nhi:person': 'posture/person-as-bot medium',
    'nhi:used-by-person': 'posture/used-by-person medium',
  }
  for (const [trait, expected] of Object.entries(cases)) assert.deepEqual(found(trait), [expected], trait)
  for (const trait of ['unused', 'unused-rights', 'long-lived', 'shared', 'used-by-person'])
    assert.ok(
      found(`nhi:${trait}`, 'nhi:privileged').some((each) => each.endsWith(' high')),
      trait,
    )
  assert.deepEqual(
    [found('nhi:third-party'), found('nhi:third-party', 'nhi:writes')],
    [[], ['posture/third-party-may-write high']],
  )
  assert.deepEqual(found('nhi:privileged'), [])
  for (const trait of ['nhi:shared', 'nhi:units', 'nhi:environments'])
    assert.deepEqual(
      found(trait, 'nhi:low-risk-reading').map((each) => each.split(' ')[1]),
      ['low'],
      trait,
    )
})

test('privileged, long-lived and reachable together are critical, in whichever source’s words; any two are not', () => {
  const words = [
    ['nhi:privileged', 'nhi:static-credential', 'nhi:reachable'],
    ['k8s:cluster-admin', 'k8s:static-token', 'k8s:everyone'],
  ]
  for (const three of words) {
    assert.ok(found(...three).includes('posture/high-risk critical'), three.join())
    for (const left of three)
      assert.ok(!found(...three.filter((one) => one !== left)).includes('posture/high-risk critical'), left)
  }
})

test('a risk is the sum of its named factors, each with its evidence, and never more than the most', () => {
  const risk = riskOf(seen(['nhi:privileged', 'nhi:unused', 'nhi:unused']))
  assert.equal(risk.score, RISK_POINTS.privileged + RISK_POINTS.unused)
  assert.deepEqual(
    risk.factors.map(({ factor, evidence }) => [factor, evidence.length]),
    [
      ['privileged', 1],
      ['unused', 2],
    ],
  )
  assert.equal(risk.factors[0]?.evidence[0], 'because nhi:privileged (register/deployer:1)')
  assert.equal(riskOf(seen([], { environment: { value: 'production', because: 'its name' } })).score, 0)
  const worst = seen(
    ['privileged', 'reachable', 'leaked', 'static-credential', 'unused', 'shared'].map((name) => `nhi:${name}`),
    { ownerHint: null, environment: { value: 'production', because: 'its name' } },
  )
  assert.deepEqual([riskOf(worst).score, riskOf(worst).isHigh], [RISK_MAX, true])
})
