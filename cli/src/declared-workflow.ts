import type { DeclaredPart } from './access-directory.ts'

/** What a folder says that the jobs of a workflow are handed. */
export interface DeclaredWorkflow {
  /** The name of the workflow's file. */
  readonly workflow: string
  readonly origin: string
  readonly jobs: ReadonlyMap<string, DeclaredJob>
}

/** What one job is handed, as it was declared. */
export interface DeclaredJob {
  readonly identity: string | undefined
  readonly permissions: Readonly<Record<string, string>> | string
  readonly environment: string | undefined
  readonly secrets: readonly string[]
  readonly assumes: readonly string[]
}

/** Reads what is declared of workflows; what has not its shape is told, and counts as not declared. */
export const readDeclaredWorkflows = (
  parts: readonly DeclaredPart[],
  tell: (place: string, why: string) => void,
): readonly DeclaredWorkflow[] =>
  parts.flatMap(({ value, origin }) => {
    const { workflow, jobs, ...more } = fieldsOf(value)
    const [unknown] = Object.keys(more)
    if (unknown !== undefined) tell(origin, `${unknown}: there is no such field`)
    if (typeof workflow !== 'string' || !/^[^/\\]+\.ya?ml$/.test(workflow)) {
      tell(origin, 'workflow: is the name of a file in .github/workflows, such as deploy.yml')
      return []
    }
    const read = new Map<string, DeclaredJob>()
    for (const [name, job] of Object.entries(fieldsOf(jobs))) {
      const wrong = jobProblem(job)
      if (wrong === undefined) read.set(name, jobOf(fieldsOf(job)))
      else tell(origin, `jobs.${name}.${wrong}`)
    }
    return [{ workflow, origin, jobs: read }]
  })

const WORDS: readonly unknown[] = ['read-all', 'write-all', 'default']
const ACCESS: readonly unknown[] = ['read', 'write']

const jobProblem = (job: unknown): string | undefined => {
  const { identity, permissions, environment, secrets, assumes, ...more } = fieldsOf(job)
  const [unknown] = Object.keys(more)
  if (unknown !== undefined) return `${unknown}: there is no such field`
  const isScopes = isRecord(permissions) && Object.values(permissions).every((access) => ACCESS.includes(access))
  if (!(isScopes || WORDS.includes(permissions)))
    return 'permissions: is read or write for each scope, or read-all, write-all or default'
  if (!(identity === undefined || typeof identity === 'string')) return 'identity: is the name of an identity'
  if (!(environment === undefined || typeof environment === 'string')) return 'environment: is its name'
  if (!isTexts(secrets)) return 'secrets: is a list of names'
  return isTexts(assumes) ? undefined : 'assumes: is a list of roles'
}

const jobOf = (job: Readonly<Record<string, unknown>>): DeclaredJob => ({
  identity: textOf(job.identity),
  permissions: typeof job.permissions === 'string' ? job.permissions : recordOf(job.permissions),
  environment: textOf(job.environment),
  secrets: textsOf(job.secrets).map((name) => name.toUpperCase()),
  assumes: textsOf(job.assumes),
})

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? { ...value } : {})
const recordOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(fieldsOf(value)).map(([name, of]) => [name, String(of)]))
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const textsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [])
const isTexts = (value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && value.every((one) => typeof one === 'string'))
