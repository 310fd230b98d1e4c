import { scannedFile } from '../../file.ts'
import type { Problem } from '../../report.ts'
import { readYaml } from '../../yaml-file.ts'
import { trustsOf } from './clouds.ts'
import { ALL_SECRETS, secretsTaken } from './secrets-taken.ts'
import { type Job, readWorkflow, type Workflow } from './workflow.ts'

/** What a job of a workflow is handed, each with the line where it stands. */
export interface JobAccess {
  readonly name: string
  readonly line: number
  /** The access of the automatic token by scope, or one word for all scopes; `default` where none is written. */
  readonly permissions: readonly AccessItem[] | 'read-all' | 'write-all' | 'default'
  readonly permissionsLine: number
  readonly environment: { readonly name: string; readonly line: number } | undefined
  /** Names of secrets in capitals, in which GitHub keeps them; `*` where all of them, or any that is worked out, are taken. */
  readonly secrets: readonly AccessItem[]
  /** The roles and accounts that it becomes by its OIDC token. */
  readonly assumes: readonly AccessItem[]
}

/** One thing that a job is handed. */
export interface AccessItem {
  readonly name: string
  readonly access: string
  readonly line: number
}

/** What the jobs of a GitHub workflow are handed; a file that cannot be read as a whole is told of, never taken for an empty one. */
export const workflowAccess = (
  path: string,
  bytes: Uint8Array,
): { readonly jobs: readonly JobAccess[]; readonly problems: readonly Problem[] } => {
  const file = scannedFile({ path, repository: '', repositoryPath: path }, Buffer.from(bytes))
  const yaml = readYaml(file)
  const root = yaml.documents[0]
  const workflow = root === undefined ? undefined : readWorkflow(root)
  const jobs = (workflow?.jobs ?? []).map((job) => accessOf(job, workflow))
  const problems = [...yaml.problems()]
  if (yaml.documents.length > 1)
    problems.push({ path, reason: 'not-a-workflow', detail: 'more than one document in a workflow' })
  if (jobs.length === 0 && problems.length === 0)
    problems.push({ path, reason: 'not-a-workflow', detail: 'a workflow without jobs' })
  return { jobs, problems }
}

const accessOf = (job: Job, workflow: Workflow | undefined): JobAccess => {
  const permissions = job.permissions ?? workflow?.permissions
  return {
    name: job.name,
    line: job.line,
    permissions: permissions === undefined ? 'default' : (permissions.all ?? scopesOf(permissions.scopes)),
    permissionsLine: permissions?.line ?? job.line,
    environment: job.environment,
    secrets: secretsOf(job, workflow),
    assumes: trustsOf(job, workflow?.env ?? []).map(({ name, provider, line }) => ({ name, access: provider, line })),
  }
}

const scopesOf = (scopes: readonly { name: string; value: string; line: number }[]): AccessItem[] =>
  scopes
    .filter(({ value }) => value !== 'none')
    .map(({ name, value, line }) => ({ name, access: value, line }))
    .sort((one, other) => (one.name < other.name ? -1 : 1))

const secretsOf = (job: Job, workflow: Workflow | undefined): AccessItem[] => {
  const shared = (workflow?.env ?? []).map(({ value, line }) => ({ name: value, line }))
  const taken = secretsTaken([...job.texts, ...shared])
  const inherited = job.inheritsSecrets
  const all = inherited === undefined ? taken : [{ name: ALL_SECRETS, line: inherited }, ...taken]
  const once = new Map(all.map((one) => [one.name, one]))
  return [...once.values()].map(({ name, line }) => ({ name, access: 'read', line }))
}
