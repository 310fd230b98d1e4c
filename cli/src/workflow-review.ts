import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type AccessItem, type JobAccess, workflowAccess } from '@reeve/scan'
import { Document } from 'yaml'
import type { DeclaredPart } from './access-directory.ts'
import { type DeclaredJob, type DeclaredWorkflow, readDeclaredWorkflows } from './declared-workflow.ts'

/** Something that workflows and what is declared of them do not agree on. */
export interface WorkflowProblem {
  readonly part: 'workflows'
  readonly at: null
  readonly place: string
  readonly message: string
}

/** What a file of the folder must say for the workflows as they are. */
export interface WorkflowFix {
  readonly file: string
  readonly text: string
}

/** How workflows compare with what is declared of them. */
export interface WorkflowReview {
  readonly problems: readonly WorkflowProblem[]
  readonly fixes: readonly WorkflowFix[]
}

/**
 * Compares every GitHub workflow of a folder with what is declared of it: what each job is handed, no more and no less.
 * INVARIANT: what cannot be read, or is not declared at all, is a problem.
 */
export const reviewWorkflows = (
  folder: string,
  parts: readonly DeclaredPart[],
  identities: ReadonlySet<string>,
): WorkflowReview => {
  const problems: WorkflowProblem[] = []
  const tell = (place: string, message: string): void => {
    problems.push({ part: 'workflows', at: null, place, message })
  }
  const declared = readDeclaredWorkflows(parts, tell)
  const files = readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
  const fixes: WorkflowFix[] = []
  for (const name of files) {
    const path = join(folder, name)
    const { jobs, problems: unread } = workflowAccess(path, readFileSync(path))
    for (const { detail, line } of unread) tell(line === undefined ? path : `${path}:${line}`, detail)
    const [own, ...more] = declared.filter(({ workflow }) => workflow === name)
    for (const { origin } of more) tell(origin, `${name} is declared twice`)
    const before = problems.length
    compareWorkflow({ path, jobs, declared: own, identities }, tell)
    if (problems.length > before) fixes.push(fixOf(name, jobs, own))
  }
  for (const { workflow, origin } of declared)
    if (!files.includes(workflow)) tell(origin, `there is no workflow ${workflow} any more; remove this`)
  return { problems, fixes }
}

interface Compared {
  readonly path: string
  readonly jobs: readonly JobAccess[]
  readonly declared: DeclaredWorkflow | undefined
  readonly identities: ReadonlySet<string>
}

type Tell = (place: string, message: string) => void

const compareWorkflow = ({ path, jobs, declared, identities }: Compared, tell: Tell): void => {
  if (declared === undefined) {
    if (jobs.length > 0) tell(`${path}:1`, 'the workflow is not declared')
    return
  }
  for (const job of jobs) {
    const own = declared.jobs.get(job.name)
    if (own === undefined) tell(`${path}:${job.line}`, `job ${job.name} is not declared`)
    else {
      compareJob({ path, job, own, origin: declared.origin }, tell)
      if (own.identity !== undefined && !identities.has(own.identity))
        tell(declared.origin, `job ${job.name}: there is no identity ${own.identity} in this folder`)
    }
  }
  for (const name of declared.jobs.keys())
    if (!jobs.some((job) => job.name === name))
      tell(declared.origin, `there is no job ${name} in ${basename(path)} any more; remove it`)
}

const compareJob = (
  given: { readonly path: string; readonly job: JobAccess; readonly own: DeclaredJob; readonly origin: string },
  tell: Tell,
): void => {
  const { path, job, own, origin } = given
  const had = permissionsOf(own.permissions)
  const has = permissionsOf(job.permissions)
  const lines = new Map(
    typeof job.permissions === 'string' ? [] : job.permissions.map(({ name, line }) => [name, line]),
  )
  for (const [name, access] of has)
    if (had.get(name) !== access)
      tell(
        `${path}:${lines.get(name) ?? job.permissionsLine}`,
        `job ${job.name}: permissions: ${shown(name, access)} is not declared`,
      )
  for (const [name, access] of had)
    if (!has.has(name))
      tell(origin, `job ${job.name}: permissions: ${shown(name, access)} is not in the workflow any more`)
  if (job.environment?.name !== own.environment)
    tell(
      `${path}:${job.environment?.line ?? job.line}`,
      `job ${job.name}: environment: ${job.environment?.name ?? 'none'}, and ${own.environment ?? 'none'} is declared`,
    )
  compareNames({ ...given, what: 'secret', has: job.secrets, had: own.secrets }, tell)
  compareNames({ ...given, what: 'role', has: job.assumes.map(named), had: own.assumes }, tell)
}

const WHOLE = ''

// One word for all scopes is compared as it stands.
const permissionsOf = (
  said: readonly AccessItem[] | Readonly<Record<string, string>> | string,
): ReadonlyMap<string, string> => {
  if (typeof said === 'string') return new Map([[WHOLE, said]])
  return isItems(said) ? new Map(said.map(({ name, access }) => [name, access])) : new Map(Object.entries(said))
}

const isItems = (said: readonly AccessItem[] | Readonly<Record<string, string>>): said is readonly AccessItem[] =>
  Array.isArray(said)

const shown = (name: string, access: string): string => (name === WHOLE ? access : `${name}: ${access}`)

const named = ({ name, access, line }: AccessItem): AccessItem => ({ name: `${access} ${name}`, access, line })

const compareNames = (
  given: {
    readonly path: string
    readonly origin: string
    readonly job: JobAccess
    readonly what: string
    readonly has: readonly AccessItem[]
    readonly had: readonly string[]
  },
  tell: Tell,
): void => {
  const { path, origin, job, what, has, had } = given
  for (const { name, line } of has)
    if (!had.includes(name)) tell(`${path}:${line}`, `job ${job.name}: the ${what} ${name} is not declared`)
  for (const name of had)
    if (!has.some((one) => one.name === name))
      tell(origin, `job ${job.name}: the ${what} ${name} is not in the workflow any more`)
}

/** The whole of what the folder must say of a workflow; the identities that were declared stay. */
const fixOf = (workflow: string, jobs: readonly JobAccess[], declared: DeclaredWorkflow | undefined): WorkflowFix => {
  const said = jobs.map((job) => {
    const { permissions } = job
    const identity = declared?.jobs.get(job.name)?.identity
    return [
      job.name,
      {
        ...(identity === undefined ? {} : { identity }),
        permissions: typeof permissions === 'string' ? permissions : Object.fromEntries(permissionsOf(permissions)),
        ...(job.environment === undefined ? {} : { environment: job.environment.name }),
        ...(job.secrets.length === 0 ? {} : { secrets: job.secrets.map(({ name }) => name) }),
        ...(job.assumes.length === 0 ? {} : { assumes: job.assumes.map((one) => named(one).name) }),
      },
    ] as const
  })
  const document = new Document({ workflow, jobs: Object.fromEntries(said) })
  const file = declared?.origin.replace(/:\d+$/, '') ?? `workflows/${workflow.replace(/\.ya?ml$/, '')}.yaml`
  return { file, text: document.toString({ lineWidth: 0 }) }
}
