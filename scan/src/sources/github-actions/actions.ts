import { expressionsOf } from './expressions.ts'
import type { Job, Named, Setting } from './workflow.ts'

/** Code of others that a job runs under a name which its author can move. */
export interface UnpinnedAction extends Named {
  /** Whether the step hands it a secret or the job's token. */
  readonly isHandedSecret: boolean
}

/** Third-party actions, reusable workflows and images that are not pinned to a digest. */
export const unpinnedActionsOf = (job: Job, owner: string): UnpinnedAction[] => {
  const steps = job.steps.flatMap((step) => {
    if (!step.uses) return []
    return [{ ...step.uses, isHandedSecret: handsSecret([...step.with, ...step.env]) }]
  })
  const whole = job.uses
    ? [{ ...job.uses, isHandedSecret: job.inheritsSecrets !== undefined || handsSecret(job.secrets) }]
    : []
  return [...whole, ...steps].filter(({ name }) => isThirdParty(name, owner) && !isPinned(name))
}

const handsSecret = (settings: readonly Setting[]): boolean =>
  settings.some(({ value, line }) =>
    expressionsOf({ name: value, line }).some((expression) => HANDS_SECRET.test(expression.name)),
  )

/** Whether the code behind `uses:` is neither in this repository nor of its owner nor of GitHub itself. */
export const isThirdParty = (uses: string, owner: string): boolean => {
  if (uses.startsWith('./') || uses.startsWith('../') || uses.includes('${{')) return false
  if (uses.startsWith('docker://')) return true
  const actionOwner = uses.split('/')[0]?.toLowerCase() ?? ''
  return actionOwner !== 'actions' && actionOwner !== 'github' && (owner === '' || actionOwner !== owner.toLowerCase())
}

// Only a full digest cannot be moved: 40 characters of SHA-1 or 64 of SHA-256.
const isPinned = (uses: string): boolean => /@(?:sha256:)?(?:[a-f0-9]{40}|[a-f0-9]{64})$/i.test(uses.trim())

// What a composite action or a called workflow is handed by such a name is a secret of its caller.
const HANDS_SECRET = /\bsecrets[.[]|\bgithub\.token\b|\binputs\.(?:[\w-]{0,60}[_-])?(?:token|secret|password|pat)\b/
