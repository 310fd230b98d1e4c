import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Platform, platformOf, rulesOf } from './platform.ts'
import { misfits, overlap, type TrustTerms } from './trust.ts'
import { isRefused, lintTrust } from './trust-lint.ts'

const OURS = 'https://reeve.example'
const GITHUB = 'https://token.actions.githubusercontent.com'
const IDS = { repository_id: '74', repository_owner_id: '65' }

const terms = (issuer: string, claims: Record<string, string>, over: Partial<TrustTerms> = {}): TrustTerms => {
  const platform = over.platform ?? platformOf(issuer) ?? 'other'
  return { issuer, audience: OURS, platform, claims, tokens: rulesOf(platform).tokens, ...over }
}

const github = (claims: Record<string, string>, over: Partial<TrustTerms> = {}) => terms(GITHUB, claims, over)
const gitlab = (claims: Record<string, string>) => terms('https://gitlab.com', claims)
const cluster = (claims: Record<string, string>) => terms('https://oidc.eks.eu-west-1.amazonaws.com/id/ABC', claims)
const google = (claims: Record<string, string>) => terms('https://accounts.google.com', claims)
const entra = (claims: Record<string, string>, tenant = '11111111-2222-3333-4444-555555555555') =>
  terms(`https://login.microsoftonline.com/${tenant}/v2.0`, claims)
const other = (claims: Record<string, string>, over: Partial<TrustTerms> = {}) =>
  terms('https://ci.example', claims, over)
const spiffe = (claims: Record<string, string>, over: Partial<TrustTerms> = {}) =>
  terms('spiffe://acme.example', claims, { bundle: { url: 'https://spire.example/bundle' }, ...over })
const ROLE = 'arn:aws:iam::123456789012:role/OrdersSync'
const aws = (claims: Record<string, string>, over: Partial<TrustTerms> = {}) =>
  terms('arn:aws:sts', claims, { regions: ['eu-west-1'], ...over })
const account = '/kubernetes.io/serviceaccount/name'

const CASES: readonly (readonly [TrustTerms, readonly string[]])[] = [
  [github({ ...IDS, environment: 'production' }), []],
  [github({ ...IDS, ref: 'refs/heads/main' }), []],
  [github({ ...IDS, ref: 'refs/heads/main' }, { tokens: 'again' }), ['tokens-again']],
  [github({ ...IDS, ref: 'refs/tags/v*' }), []],
  [github({ ...IDS, job_workflow_ref: 'o/r/.github/workflows/d.yml@refs/heads/main' }), []],
  [github({ ...IDS, job_workflow_ref: 'o/r/.github/workflows/d.yml@refs/tags/v*' }), []],
  [github({ sub: 'repo:o@65/r@74:environment:production' }), []],
  [github({ sub: 'repo:o/r:ref:refs/heads/main' }), ['repository-renamable']],
  [github({ sub: 'repo:o/r:environment:production' }), ['repository-renamable']],
  [
    github({ sub: 'repo:o/r:environment:production:job_workflow_ref:o/r/a.yml@refs/heads/main' }),
    ['repository-renamable'],
  ],
  [github({ repository: 'o/r', environment: 'production' }), ['repository-renamable']],
  [github(IDS), ['ref-missing']],
  [github({}), ['repository-missing', 'ref-missing']],
  [github({ repository_owner_id: '65', environment: 'production' }), ['repository-missing']],
  [github({ repository_owner: 'o', ref: 'refs/heads/main' }), ['repository-missing']],
  [github({ sub: 'repo:o/*' }), ['subject-wildcard', 'repository-missing', 'ref-missing']],
  [github({ sub: 'repo:o/r:*' }), ['subject-wildcard', 'repository-missing', 'ref-missing']],
  [github({ ...IDS, sub: '*' }), ['subject-wildcard', 'ref-missing']],
  [github({ ...IDS, environment: '*' }), ['claim-wildcard', 'ref-missing']],
  [github({ ...IDS, environment: 'prod*' }), ['claim-wildcard']],
  [github({ ...IDS, ref: 'refs/heads/*' }), ['claim-wildcard']],
  [github({ ...IDS, ref: 'refs/*/main' }), ['claim-wildcard']],
  [github({ ...IDS, ref: 'refs/heads/**' }), ['claim-wildcard']],
  [github({ ...IDS, constructor: 'a*', ref: 'refs/heads/main' }), ['claim-wildcard']],
  [github({ repository: 'o/*', ref: 'refs/heads/main' }), ['claim-wildcard', 'repository-renamable']],
  [github({ ...IDS, job_workflow_ref: 'o/r/.github/workflows/*' }), ['claim-wildcard']],
  [github({ sub: 'repo:o/r:pull_request' }), ['repository-renamable', 'ref-missing', 'pull-request']],
  [github({ ...IDS, event_name: 'pull_request_target' }), ['ref-missing', 'pull-request']],
  [github({ ...IDS, ref: 'refs/pull/7/merge' }), ['pull-request']],
  [github({ ...IDS, environment: 'p', iss: GITHUB }), ['claim-checked-anyway']],
  [github({ ...IDS, environment: '' }), ['claim-empty']],
  [github({ ...IDS, environment: 'p' }, { audience: '' }), ['audience-missing']],
  [github({ ...IDS, environment: 'p' }, { audience: '*' }), ['audience-wildcard']],
  [github({ ...IDS, environment: 'p' }, { audience: 'sts.amazonaws.com' }), ['audience-of-another']],
  [github({ ...IDS, environment: 'p' }, { audience: 'https://github.com/o' }), ['audience-of-another']],
  [github({ ...IDS, environment: 'p' }, { audience: 'reeve' }), ['audience-not-ours']],
  [github({ sub: 'x' }, { platform: 'other' }), ['platform-differs']],
  [gitlab({ project_id: '22', ref: 'main', ref_type: 'branch' }), []],
  [gitlab({ project_id: '22', environment: 'production' }), []],
  [gitlab({ sub: 'project_path:g/p:ref_type:branch:ref:main' }), ['project-renamable']],
  [gitlab({ project_path: 'g/p', ref: 'main', ref_type: 'branch' }), ['project-renamable']],
  [gitlab({ project_id: '22', ref: 'main' }), ['ref-type-missing']],
  [gitlab({ project_id: '22' }), ['ref-missing']],
  [gitlab({ project_id: '22', ref_protected: 'true' }), []],
  [gitlab({ project_id: '22', ref_protected: 'false' }), ['ref-missing']],
  [gitlab({ namespace_path: 'g', ref_protected: 'true' }), ['project-missing']],
  [gitlab({ project_path: 'g/*', ref_protected: 'true' }), ['claim-wildcard', 'project-renamable']],
  [gitlab({ project_id: '22', ref_protected: 'true', pipeline_source: 'merge_request_event' }), ['pull-request']],
  [
    gitlab({ project_id: '22', ref: 'm', ref_type: 'branch', pipeline_source: 'external_pull_request_event' }),
    ['pull-request'],
  ],
  [cluster({ sub: 'system:serviceaccount:shop:orders' }), []],
  [cluster({ '/kubernetes.io/namespace': 'shop', [account]: 'orders' }), []],
  [cluster({ '/kubernetes.io/namespace': 'shop' }), ['workload-missing']],
  [cluster({ [account]: 'orders' }), ['workload-missing']],
  [cluster({ sub: 'system:serviceaccount:shop:*' }), ['subject-wildcard', 'workload-missing']],
  [cluster({ sub: 'system:serviceaccount:shop:default' }), ['workload-default']],
  [google({ sub: '112233445566778899000' }), []],
  [google({ azp: '112233445566778899000' }), ['subject-missing']],
  [entra({ azp: 'b' }), ['subject-missing']],
  [entra({ appid: 'b' }), ['subject-missing']],
  [entra({ oid: 'a' }), []],
  [google({ email: 'deploy@project.iam.gserviceaccount.com' }), ['subject-missing']],
  [entra({ sub: 'a', azp: 'b' }), []],
  [entra({ roles: 'deploy' }), ['subject-missing']],
  [entra({ sub: 'a' }, 'common'), ['issuer-of-many']],
  [other({ sub: 'pipeline:deploy' }), []],
  [other({ project: 'p' }), ['subject-missing']],
  [other({ sub: 'pipeline:*' }), ['subject-wildcard']],
  [aws({ arn: ROLE }), []],
  [aws({ arn: ROLE, session: 'i-1', unique_id: 'AROA' }), []],
  [aws({ arn: 'arn:aws:iam::123456789012:user/bots/nightly' }), []],
  [aws({ account: '123456789012' }), ['arn-missing']],
  [aws({ arn: 'arn:aws:iam::123456789012:role/*' }), ['arn-malformed', 'claim-wildcard']],
  [aws({ arn: 'arn:aws:iam::123456789012:role/path/OrdersSync' }), ['arn-malformed']],
  [aws({ arn: 'arn:aws:iam::123456789012:root' }), ['arn-malformed']],
  [aws({ arn: ROLE }, { regions: [] }), ['region-missing']],
  [aws({ arn: ROLE }, { regions: ['us-gov-west-1'] }), ['region-unknown']],
  [aws({ arn: ROLE }, { audience: 'https://other.example' }), ['audience-must-be-ours']],
  [aws({ arn: ROLE }, { tokens: 'again' }), ['proof-again']],
  [other({ sub: 'a' }, { regions: ['eu-west-1'] }), ['region-of-another']],
  [spiffe({ sub: 'spiffe://acme.example/orders' }), []],
  [spiffe({ sub: 'spiffe://acme.example/ns/*' }), ['spiffe-prefix']],
  [spiffe({ sub: 'spiffe://acme.example/*' }), ['subject-wildcard', 'spiffe-id-malformed']],
  [spiffe({ sub: 'spiffe://acme.example' }), ['spiffe-id-malformed']],
  [spiffe({ sub: 'spiffe://other.example/orders' }), ['spiffe-id-malformed']],
  [spiffe({}), ['spiffe-id-missing']],
  [spiffe({ sub: 'spiffe://acme.example/a' }, { bundle: { url: 'http://spire.internal' } }), ['bundle-without-tls']],
  [spiffe({ sub: 'spiffe://acme.example/a' }, { bundle: { url: 'spire.internal' } }), ['bundle-malformed']],
  [spiffe({ sub: 'spiffe://acme.example/a' }, { bundle: { keys: [{ kty: 'oct', kid: 'a' }] } }), ['bundle-malformed']],
  [spiffe({ sub: 'spiffe://acme.example/a' }, { bundle: {} }), ['bundle-missing']],
  [spiffe({ sub: 'spiffe://acme.example/a' }, { tokens: 'once' }), []],
  [spiffe({ sub: 'spiffe://acme.example/a' }, { audience: 'orders' }), ['audience-must-be-ours']],
  [other({ sub: 'spiffe://acme.example/a' }), ['spiffe-by-issuer']],
  [other({ sub: 'a' }, { bundle: { url: 'https://spire.example' } }), ['bundle-of-another']],
  [terms(OURS, { sub: 'nhi_sync' }), ['issuer-own']],
  [terms('ci.example', { sub: 'a' }), ['issuer-malformed']],
  [terms('https://ci.example/?tenant=1', { sub: 'a' }), ['issuer-malformed']],
  [terms('https://user:pass@ci.example', { sub: 'a' }), ['issuer-malformed']],
  [terms(`${GITHUB}/`, { sub: 'repo:o/r:ref:refs/heads/main' }), ['issuer-malformed']],
  [terms('https://Token.Actions.GitHubUserContent.com', { sub: 'a' }), ['issuer-malformed']],
  [terms('https://gitlab.com:443', { sub: 'a' }), ['issuer-malformed']],
  [terms('https://accounts.google.com//', { sub: 'a' }), ['issuer-malformed']],
  [terms('https://CI.example/', { sub: 'a' }), []],
  [terms('http://ci.internal', { sub: 'a' }), ['issuer-without-tls']],
  [terms('HTTP://ci.internal', { sub: 'a' }), ['issuer-without-tls']],
]

const FLAGGED =
  /spiffe-prefix|spiffe-by-issuer|renamable|ref-missing|ref-type|not-ours|default|without-tls|tokens-again/

test('each good trust is without lints, and each bad one is told what is wrong with it and what to do', () => {
  for (const [each, codes] of CASES) {
    const lints = lintTrust(each, OURS)
    const found = lints.map(({ code }) => code)
    assert.deepEqual([...found].sort(), [...codes].sort(), JSON.stringify(each))
    for (const lint of lints) {
      assert.equal(isRefused(lint), !FLAGGED.test(lint.code), lint.code)
      assert.ok(lint.why.length > 20 && lint.fix.length > 10)
    }
  }
})

test('a server of one’s own is no platform that its URL does not tell', () => {
  const cases: [string, Platform | undefined][] = [
    ['https://token.actions.githubusercontent.com.evil.example', undefined],
    ['https://token.actions.githubusercontentXcom', undefined],
    ['https://evil.example/token.actions.githubusercontent.com', undefined],
    ['http://token.actions.githubusercontent.com', undefined],
    ['https://github.corp.example/_services/token', 'github'],
    ['https://github.corp.example:8443/_services/token', 'github'],
    ['https://token.actions.corp.ghe.com', 'github'],
    ['https://token.actions.corp.ghe.com.evil.example', undefined],
    ['https://gitlab.com.evil.example', undefined],
    ['https://gitlab.corp.example', undefined],
  ]
  for (const [issuer, platform] of cases) assert.equal(platformOf(issuer), platform, issuer)
})

test('two trusts overlap unless a claim that both pin tells them apart', () => {
  const prod = { ...IDS, environment: 'production' }
  const cases: [Record<string, string>, Record<string, string>, boolean][] = [
    [prod, prod, true],
    [prod, { ...IDS, environment: 'staging' }, false],
    [prod, { ...IDS, ref: 'refs/heads/main' }, true],
    [prod, { repository_id: '75', environment: 'production' }, false],
    [{ ...IDS, ref: 'refs/tags/v*' }, { ...IDS, ref: 'refs/tags/v1.*' }, true],
    [{ ...IDS, ref: 'refs/tags/v*' }, { ...IDS, ref: 'refs/tags/v1' }, true],
    [{ ...IDS, ref: 'refs/tags/v*' }, { ...IDS, ref: 'refs/heads/*' }, false],
    [{ ...IDS, ref: 'refs/heads/main' }, { sub: 'repo:o/r:ref:refs/heads/dev' }, false],
    [{ ...IDS, ref: 'refs/heads/main' }, { sub: 'repo:o/r:environment:production' }, true],
    // What GitHub puts behind a subject, or writes otherwise in it, hides no claim that both may speak of.
    [{ sub: 'repo:o/r:environment:p:actor_id:9' }, { repository: 'o/r', environment: 'p' }, true],
    [{ sub: 'repo:o/r:ref:refs/heads/a:actor_id:9' }, { repository: 'o/r', ref: 'refs/heads/a' }, true],
    [{ sub: 'repo:o/r:ref:refs/heads/a:actor_id:9' }, { repository: 'o/r', ref: 'refs/heads/b' }, false],
    [{ sub: 'repo:o/r:environment:eu%3Ap' }, { repository: 'o/r', environment: 'eu:p' }, true],
    [{ sub: 'repo:o/r:ref:refs/heads/a' }, { sub: 'repo:o/r:ref:refs/heads/b' }, false],
  ]
  for (const [one, two, expected] of cases)
    for (const [left, right] of [
      [one, two],
      [two, one],
    ] as const)
      assert.equal(overlap(github(left), github(right)), expected, JSON.stringify([left, right]))
  assert.equal(overlap(github(prod), github(prod, { audience: 'https://other.example' })), false)
})

test('a run of a pull request fits only a trust that pins its environment', () => {
  const job = { iss: GITHUB, aud: OURS, ...IDS, ref: 'refs/heads/main', environment: 'preview' }
  for (const request of [
    { event_name: 'pull_request' },
    { event_name: 'pull_request_target' },
    { ref: 'refs/pull/7/merge' },
    { sub: 'repo:o/r:pull_request' },
  ]) {
    const said = misfits(github(IDS), { ...job, ...request }, 'RS256')
    assert.match(said.join(), /pull or merge request/, JSON.stringify(request))
    assert.deepEqual(misfits(github({ ...IDS, environment: 'preview' }), { ...job, ...request }, 'RS256'), [])
  }
  assert.deepEqual(misfits(github(IDS), { ...job, event_name: 'push' }, 'RS256'), [])
  assert.match(misfits(github(IDS), job, 'ES256').join(), /signed with ES256/)
})

test('a merge request fits a trust of a server of one’s own no more because nobody said which platform that is', () => {
  const job = { iss: 'https://ci.example', aud: OURS, sub: 'project_path:g/p:ref_type:branch:ref:main' }
  const trust = other({ sub: job.sub })
  assert.deepEqual(misfits(trust, { ...job, pipeline_source: 'push' }, 'RS256'), [])
  for (const source of ['merge_request_event', 'external_pull_request_event'])
    for (const each of [trust, { ...trust, platform: 'gitlab' as const }])
      assert.match(misfits(each, { ...job, pipeline_source: source }, 'RS256').join(), /merge request/, source)
  assert.match(misfits(trust, { ...job, event_name: 'pull_request_target' }, 'RS256').join(), /merge request/)
})

test('a number fits only where it is read as exactly what the token says', () => {
  const claims = (text: string) => JSON.parse(`{"iss":"https://ci.example","aud":"${OURS}","sub":"a","tenant":${text}}`)
  const fitsTenant = (pinned: string, said: string) =>
    misfits(other({ sub: 'a', tenant: pinned }), claims(said), 'RS256').length === 0
  assert.ok(fitsTenant('9007199254740991', '9007199254740991'))
  assert.ok(!fitsTenant('9007199254740992', '9007199254740993'))
  assert.ok(!fitsTenant('0.1', '0.10000000000000001'))
})
