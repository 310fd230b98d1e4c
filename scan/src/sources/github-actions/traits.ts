import type { ScannedFile } from '../../file.ts'
import type { Trait } from '../../report.ts'
import { isPersonalToken, isPublishToken } from '../ci-job.ts'
import { isThirdParty, unpinnedActionsOf } from './actions.ts'
import { staticKeysOf, trustsOf } from './clouds.ts'
import { secretsOf, takesAllSecrets, untrustedInputsOf } from './expressions.ts'
import type { Job, Named, Permissions, Workflow } from './workflow.ts'

/** The facts about a job that the posture rules judge. */
export const traitsOf = (job: Job, workflow: Workflow, file: ScannedFile): Trait[] => {
  const owner = file.repository.includes('/') ? (file.repository.split('/')[0] ?? '') : ''
  const trait = (name: string, detail: string, line: number): Trait => ({
    trait: `ci:${name}`,
    detail,
    where: file.at(line),
  })
  const many = (name: string, places: readonly Named[]): Trait[] =>
    places.map((place) => trait(name, place.name, place.line))
  const secrets = secretsOf([...job.texts, ...workflow.env.map(({ value, line }) => ({ name: value, line }))])
  const allSecrets = takesAllSecrets(job.texts)
  const unpinned = unpinnedActionsOf(job, owner)
  return [
    ...permissionTraits(job, workflow, trait),
    ...many(
      'untrusted-trigger',
      workflow.triggers.filter(({ name }) => UNTRUSTED_TRIGGERS.has(name)),
    ),
    ...many(
      'outside-trigger',
      workflow.triggers.filter(({ name }) => OUTSIDE_TRIGGERS.has(name)),
    ),
    ...many('untrusted-checkout', untrustedCheckouts(job)),
    ...many(
      'untrusted-input',
      job.steps.flatMap((step) => scriptsOf(step).flatMap(untrustedInputsOf)),
    ),
    ...many('static-cloud-key', staticKeysOf(job, workflow.env)),
    ...many('assumes-role', trustsOf(job, workflow.env)),
    ...many('secret', secrets),
    ...many(
      'personal-token',
      secrets.filter(({ name }) => isPersonalToken(name)),
    ),
    ...many(
      'publish-token',
      secrets.filter(({ name }) => isPublishToken(name)),
    ),
    ...many(
      'unpinned-action',
      unpinned.filter(({ isHandedSecret }) => !isHandedSecret),
    ),
    ...many(
      'unpinned-action-with-secret',
      unpinned.filter(({ isHandedSecret }) => isHandedSecret),
    ),
    ...(allSecrets ? [trait('all-secrets', allSecrets.name.trim(), allSecrets.line)] : []),
    ...(job.inheritsSecrets !== undefined && job.uses && isThirdParty(job.uses.name, owner)
      ? [trait('secrets-inherited', job.uses.name, job.inheritsSecrets)]
      : []),
    ...(isSelfHosted(job) ? [trait('self-hosted', 'self-hosted', job.line)] : []),
  ]
}

const permissionTraits = (
  job: Job,
  workflow: Workflow,
  trait: (name: string, detail: string, line: number) => Trait,
): Trait[] => {
  const own: Permissions | undefined = job.permissions ?? workflow.permissions
  if (!own) {
    const isOnlyCalled = workflow.triggers.every(({ name }) => name === 'workflow_call')
    // A called workflow has at most the rights of its caller, where the fault is found.
    return isOnlyCalled ? [] : [trait('permissions-missing', job.name, job.line)]
  }
  if (own.all) return own.all === 'write-all' ? [trait('permissions-write-all', 'write-all', own.line)] : []
  const isShared = !job.permissions && workflow.jobs.length > 1
  return own.scopes.flatMap(({ name, value, line }) => {
    if (value !== 'write') return []
    if (name !== 'id-token') return [trait('permission-write', name, line)]
    return [trait('oidc', 'id-token: write', line), ...(isShared ? [trait('oidc-for-all-jobs', job.name, line)] : [])]
  })
}

// They run with the rights of the repository on behalf of somebody who may have none in it.
const UNTRUSTED_TRIGGERS = new Set(['pull_request_target', 'workflow_run', 'issue_comment'])
// Anybody can cause these; GitHub gives them fewer rights, which a runner of one's own knows nothing of.
const OUTSIDE_TRIGGERS = new Set([
  ...['pull_request', 'pull_request_target', 'issue_comment', 'issues', 'discussion', 'discussion_comment', 'fork'],
  ...['pull_request_review', 'pull_request_review_comment', 'workflow_run', 'watch'],
])

const HEAD_OF_STRANGER =
  /\bgithub\.(?:head_ref|event\.(?:number|pull_request\.(?:head\.|number|merge_commit_sha)|workflow_run\.(?:head_|pull_requests)|issue\.number))|refs\/pull\/|\b(?:steps|needs)\.[\w-]{1,100}\.outputs\.(?:pr|pull|head|merge)\w{0,40}(?:sha|ref|branch|head|commit|number)\b/i

const untrustedCheckouts = (job: Job): Named[] =>
  job.steps.flatMap((step) => {
    if (step.uses?.name.startsWith('actions/checkout')) {
      const ref = step.with.find(
        ({ name, value }) => (name === 'ref' || name === 'repository') && HEAD_OF_STRANGER.test(value),
      )
      return ref ? [{ name: `checks out ${ref.value.trim()}`, line: ref.line }] : []
    }
    return step.run ? checkoutsIn(step.run) : []
  })

// By git or GitHub's own program. What is only fetched, to be compared with, brings no code in.
const checkoutsIn = ({ name: script, line }: Named): Named[] => {
  if (!BRINGS_IN.test(script)) return []
  return script
    .split('\n')
    .map((text, index) => ({ name: text.trim().slice(0, 200), line: line + index }))
    .filter(
      ({ name: text }) =>
        (runsGit(text, BRINGS_IN) && HEAD_OF_STRANGER.test(text)) || (runsGit(text, GETS) && STRANGERS_REF.test(text)),
    )
}

/** Whether a line of a script runs git to do this, or GitHub's own program to do all of it. */
const runsGit = (line: string, does: RegExp): boolean => {
  const at = line.search(/\bgit\b/)
  return (at >= 0 && does.test(line.slice(at))) || /\bgh pr checkout\b/.test(line)
}

const BRINGS_IN = /\b(?:checkout|switch|pull|merge|reset)\b/
const GETS = /\b(?:fetch|pull)\b/
const STRANGERS_REF = /\bpull\/[^\s/]{1,120}\/(?:head|merge)\b|\bgh pr checkout\b/

const scriptsOf = (step: Job['steps'][number]): Named[] => {
  const isScriptAction = step.uses?.name.startsWith('actions/github-script') ?? false
  const script = isScriptAction ? step.with.find(({ name }) => name === 'script') : undefined
  return [...(step.run ? [step.run] : []), ...(script ? [{ name: script.value, line: script.line }] : [])]
}

// The label may stand in an expression, or be one of those that a matrix gives.
const isSelfHosted = ({ runsOn, matrix }: Job): boolean =>
  runsOn.some((label) => SELF_HOSTED.test(label)) ||
  (runsOn.some((label) => /\bmatrix\./.test(label)) && matrix.some(({ name }) => SELF_HOSTED.test(name)))

const SELF_HOSTED = /(?:^|[^\w-])self-hosted(?:[^\w-]|$)/
