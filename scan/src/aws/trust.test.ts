import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPolicy } from './policy.ts'
import { classifyTrust } from './trust.ts'

const trustIn = (issuer: string, conditions: Record<string, Record<string, string | readonly string[]>>) => {
  const [trust] = classifyTrust(
    readPolicy({
      Statement: {
        Effect: 'Allow',
        Principal: { Federated: `arn:aws:iam::123456789012:oidc-provider/${issuer}` },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: Object.fromEntries(
          Object.entries(conditions).map(([operator, keys]) => [
            operator,
            Object.fromEntries(Object.entries(keys).map(([key, value]) => [`${issuer}:${key}`, value])),
          ]),
        ),
      },
    }) ?? [],
    '123456789012',
  )
  return trust
}

test('an issuer that is one organisation’s own, by its path, lets no strangers in', () => {
  for (const issuer of [
    'oidc.circleci.com/org/0f6a3c1e-1111-4222-8333-444455556666',
    'api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc',
    'oidc.vercel.com/acme',
  ]) {
    const trust = trustIn(issuer, { StringEquals: { aud: 'x' } })
    assert.deepEqual([trust?.faults, trust?.isOpenToStrangers], [['subject-missing'], false], issuer)
  }
  for (const issuer of ['token.actions.githubusercontent.com', 'gitlab.com', 'app.terraform.io', 'oidc.vercel.com'])
    assert.equal(trustIn(issuer, { StringEquals: { aud: 'x' } })?.isOpenToStrangers, true, issuer)
})

test('a subject that names its repository by a whole id is a wildcard behind it, not an open one', () => {
  const issuer = 'api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc'
  const subject = (sub: string) => trustIn(issuer, { StringEquals: { aud: 'x' }, StringLike: { sub } })?.faults
  assert.deepEqual(subject('{0f6a3c1e-1111-4222-8333-444455556666}:*'), ['subject-wildcard'])
  assert.deepEqual(subject('*:x'), ['subject-open'])
})

test('a subject of pull requests is told, also beside a branch; a branch, an environment or a name like it is not', () => {
  const issuer = 'token.actions.githubusercontent.com'
  const subject = (...sub: readonly string[]) =>
    trustIn(issuer, { StringEquals: { aud: 'sts.amazonaws.com' }, StringLike: { sub } })?.faults
  const branch = 'repo:acme/shop:ref:refs/heads/main'
  assert.deepEqual(subject('repo:acme/shop:pull_request'), ['subject-pull-requests'])
  assert.deepEqual(subject(branch, 'repo:acme/shop:pull_request'), ['subject-pull-requests'])
  assert.deepEqual(subject('repo:acme/shop:*', 'repo:acme/shop:pull_request'), [
    'subject-wildcard',
    'subject-pull-requests',
  ])
  assert.deepEqual(subject(branch, 'repo:acme/shop:environment:pull_request'), [])
})
