import type { Sighting } from '../report.ts'
import { has, perTrait, type Rule } from './rule.ts'

const isHandedSomething = (job: Sighting): boolean =>
  has(
    job,
    'ci:secret',
    'ci:all-secrets',
    'ci:permission-write',
    'ci:permissions-write-all',
    'ci:oidc',
    'ci:static-cloud-key',
  )

// Without `permissions:` the token has what the settings of the repository say, which is often to write.
const mayWrite = (job: Sighting): boolean =>
  isHandedSomething(job) || has(job, 'ci:permissions-missing', 'ci:assumes-role')

/** What can be wrong with a CI job as an identity. */
export const ciRules: readonly Rule[] = [
  {
    id: 'ci/permissions-missing',
    owasp: 'NHI5',
    severity: 'medium',
    confidence: 'medium',
    title: 'workflow without permissions',
    why: "its token gets the repository's default, which in many is to write everything",
    fix: 'write `permissions: {}` at the top, and give each job only the scopes that it uses',
    judge: (estate) => {
      // The cure is one line a file, so it is one finding a file.
      const files = new Set<string>()
      return perTrait('ci:permissions-missing', (trait) => {
        if (files.has(trait.where.path)) return undefined
        files.add(trait.where.path)
        return { key: '', evidence: [`job ${trait.detail}, and whatever else the file does not limit`] }
      })(estate)
    },
  },
  {
    id: 'ci/permissions-write-all',
    owasp: 'NHI5',
    severity: 'high',
    confidence: 'high',
    title: 'job token that may write everything',
    why: 'any step of the job, and any code that it runs, may change the code, the releases and the settings',
    fix: 'name the scopes that the job uses instead of `write-all`',
    judge: perTrait('ci:permissions-write-all', () => ({ evidence: ['permissions: write-all'] })),
  },
  {
    id: 'ci/unpinned-action',
    owasp: 'NHI3',
    severity: 'medium',
    confidence: 'high',
    title: "a third party's code that can change at any time",
    why: 'a tag or branch can be moved to other code, which then runs as this job, with its token',
    fix: 'pin it to the full commit digest (an orb: to a whole version), and let a bot raise it',
    judge: perTrait('ci:unpinned-action', (_, job) => (mayWrite(job) ? {} : { severity: 'low' })),
  },
  {
    id: 'ci/unpinned-action-with-secret',
    owasp: 'NHI3',
    severity: 'high',
    confidence: 'high',
    title: "a third party's code is handed a secret and can change at any time",
    why: 'whoever can move its tag can take the secret, as has happened to widely used actions',
    fix: 'pin it to the full commit digest; hand it a short-lived token instead of a stored secret',
    judge: perTrait('ci:unpinned-action-with-secret'),
  },
  {
    id: 'ci/secrets-inherited',
    owasp: 'NHI3',
    severity: 'high',
    confidence: 'high',
    title: "a third party's workflow gets every secret",
    why: '`secrets: inherit` hands over all secrets of the repository and its organisation, also those added later',
    fix: 'name the secrets that the workflow needs',
    judge: perTrait('ci:secrets-inherited', ({ detail }) => ({ evidence: [`secrets: inherit to ${detail}`] })),
  },
  {
    id: 'ci/all-secrets',
    owasp: 'NHI5',
    severity: 'high',
    confidence: 'high',
    title: 'a job takes every secret at once',
    why: '`toJSON(secrets)` puts all secrets into one value, which masking in logs does not know',
    fix: 'name the secrets that the job needs',
    judge: perTrait('ci:all-secrets'),
  },
  {
    id: 'ci/untrusted-checkout',
    owasp: 'NHI6',
    severity: 'critical',
    confidence: 'high',
    title: "a stranger's code runs with the repository's rights",
    why: 'the trigger gives the job secrets and a token that may write, and then it checks out what anybody may propose',
    fix: 'use `pull_request` for their code; let a second workflow without their code do what needs rights',
    judge: perTrait('ci:untrusted-checkout', (_, job) => {
      if (!has(job, 'ci:untrusted-trigger')) return undefined
      return mayWrite(job) ? {} : { severity: 'high' }
    }),
  },
  {
    id: 'ci/untrusted-trigger',
    owasp: 'NHI6',
    severity: 'medium',
    confidence: 'medium',
    title: 'a stranger can start a job that holds secrets or may write',
    why: 'this trigger runs with the rights of the repository for people who have none in it',
    fix: 'check who asked and for what before any step that uses a right; take away what the job does not need',
    judge: perTrait('ci:untrusted-trigger', (trait, job) =>
      isHandedSomething(job) && !has(job, 'ci:untrusted-checkout')
        ? { evidence: [`started by ${trait.detail}`], key: `${job.stableKey} ${trait.detail}`, where: job.where }
        : undefined,
    ),
  },
  {
    id: 'ci/oidc-for-strangers',
    owasp: 'NHI6',
    severity: 'high',
    confidence: 'high',
    title: 'a stranger can start a job that proves itself to a cloud',
    why: 'the run gets an OIDC token in the name of the repository, which every trust policy that names it accepts',
    fix: 'take `id-token: write` away from this trigger; pin the branch or environment in the trust policy',
    judge: perTrait('ci:oidc', (_, job) => (has(job, 'ci:untrusted-trigger') ? {} : undefined)),
  },
  {
    id: 'ci/oidc-for-all-jobs',
    owasp: 'NHI5',
    severity: 'low',
    confidence: 'high',
    title: 'every job of a workflow may prove itself to a cloud',
    why: '`id-token: write` at the top gives also those jobs the token that never deploy anything',
    fix: 'move it into the job that needs it',
    judge: (estate) => {
      const files = new Set<string>()
      return perTrait('ci:oidc-for-all-jobs', (trait) => {
        if (files.has(trait.where.path)) return undefined
        files.add(trait.where.path)
        return { key: '', evidence: ['id-token: write for the whole workflow'] }
      })(estate)
    },
  },
  {
    id: 'ci/untrusted-input',
    owasp: 'NHI6',
    severity: 'high',
    confidence: 'medium',
    title: "a stranger's text becomes part of a script",
    why: 'the expression is put into the script before the shell reads it: a title or branch name can be a command',
    fix: 'put the expression into `env:` and use the variable, in quotes, in the script',
    judge: perTrait('ci:untrusted-input', (_, job) => {
      if (!has(job, 'ci:outside-trigger', 'ci:untrusted-trigger')) return { severity: 'low' }
      const isPullRequest = job.traits.every(
        ({ trait, detail }) => trait !== 'ci:outside-trigger' || detail === 'pull_request',
      )
      return isPullRequest && !has(job, 'ci:untrusted-trigger') ? { severity: 'medium' } : {}
    }),
  },
  {
    id: 'ci/self-hosted-for-strangers',
    owasp: 'NHI6',
    severity: 'high',
    confidence: 'medium',
    title: 'a stranger can run code on a machine of yours',
    why: 'what a run leaves on a self-hosted runner is there for the next one, secrets included',
    fix: 'run pull requests on hosted runners, or on runners that are thrown away after one job',
    judge: perTrait('ci:self-hosted', (_, job) => (has(job, 'ci:outside-trigger') ? {} : undefined)),
  },
  {
    id: 'ci/static-cloud-key',
    owasp: 'NHI6',
    severity: 'high',
    confidence: 'high',
    title: 'CI signs in to a cloud with a static key',
    why: 'the key works from anywhere, for anybody who ever saw it, until somebody remembers to change it',
    fix: "use the run's OIDC token (federation) and delete the key",
    judge: perTrait('ci:static-cloud-key'),
  },
  {
    id: 'ci/publish-token',
    owasp: 'NHI7',
    severity: 'medium',
    confidence: 'high',
    title: 'packages are published with a long-lived token',
    why: 'whoever takes it publishes in your name, and nothing ends it',
    fix: "use the registry's trusted publishing, which takes the run's OIDC token, and delete the token",
    judge: perTrait('ci:publish-token', ({ detail }) => ({ evidence: [`secret ${detail}`] })),
  },
  {
    id: 'ci/personal-token',
    owasp: 'NHI10',
    severity: 'medium',
    confidence: 'medium',
    title: 'automation acts as a person',
    why: "a personal token has its owner's rights, hides who acted, and stops working when the person leaves",
    fix: 'use a GitHub App or the job token, with the scopes that the job needs',
    judge: perTrait('ci:personal-token', ({ detail }) => ({ evidence: [`secret ${detail}`] })),
  },
]
