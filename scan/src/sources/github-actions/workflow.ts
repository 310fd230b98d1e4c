import type { YamlValue } from '../../yaml-file.ts'

/** A workflow file, as far as its identities go. */
export interface Workflow {
  readonly triggers: readonly Named[]
  readonly permissions: Permissions | undefined
  readonly jobs: readonly Job[]
  /** Settings that every job gets. */
  readonly env: readonly Setting[]
}

/** A word and where it stands. */
export interface Named {
  readonly name: string
  readonly line: number
}

/** A named value, of `env:` or `with:`. */
export interface Setting extends Named {
  readonly value: string
}

/** What the automatic token may do: each scope's access, or one word for all scopes. */
export interface Permissions {
  readonly all: 'read-all' | 'write-all' | undefined
  readonly scopes: readonly Setting[]
  readonly line: number
}

export interface Job extends Named {
  readonly runsOn: readonly string[]
  /** Every text of its matrix. */
  readonly matrix: readonly Named[]
  readonly environment: Named | undefined
  readonly permissions: Permissions | undefined
  /** A reusable workflow that this job is. */
  readonly uses: Named | undefined
  readonly inheritsSecrets: number | undefined
  /** Secrets that it hands the reusable workflow one by one. */
  readonly secrets: readonly Setting[]
  readonly env: readonly Setting[]
  readonly steps: readonly Step[]
  /** Every text in the job with its line, for expressions can stand anywhere. */
  readonly texts: readonly Named[]
}

export interface Step {
  readonly line: number
  readonly uses: Named | undefined
  readonly run: Named | undefined
  readonly with: readonly Setting[]
  readonly env: readonly Setting[]
}

/** Reads a workflow; whatever has not the form it should have is left out, as GitHub would refuse it. */
export const readWorkflow = (root: YamlValue): Workflow => ({
  triggers: triggersOf(root),
  permissions: permissionsOf(root.get('permissions')),
  env: settingsOf(root.get('env')),
  jobs: (root.get('jobs')?.entries() ?? [])
    .filter(({ value }) => value.isMap)
    .map(({ key, line, value }) => jobOf({ name: key, line }, value)),
})

/** A composite action as a workflow of one job: its steps run in the jobs of whoever names it, with their rights. */
export const readCompositeAction = (root: YamlValue, name: string): Workflow | undefined => {
  const runs = root.get('runs')
  if (runs?.get('using')?.text !== 'composite' || !runs.get('steps')?.isList) return undefined
  return {
    triggers: [{ name: 'workflow_call', line: runs.line }],
    // It has the token of the job that names it, where that is told.
    permissions: { all: undefined, scopes: [], line: runs.line },
    env: [],
    jobs: [jobOf({ name, line: root.get('name')?.line ?? runs.line }, runs)],
  }
}

const triggersOf = (root: YamlValue): Named[] => {
  const on = root.get('on')
  if (!on) return []
  if (on.isList) return on.items().flatMap(namedOf)
  if (on.isMap) return on.entries().map(({ key, line }) => ({ name: key, line }))
  return namedOf(on)
}

const jobOf = (named: Named, job: YamlValue): Job => {
  const runsOn = job.get('runs-on')
  const environment = job.get('environment')
  const secrets = job.get('secrets')
  return {
    ...named,
    runsOn: runsOnOf(runsOn),
    matrix: textsIn(job.get('strategy')?.get('matrix')),
    environment: first(environment?.isMap ? environment.get('name') : environment),
    permissions: permissionsOf(job.get('permissions')),
    uses: first(job.get('uses')),
    inheritsSecrets: secrets?.text === 'inherit' ? secrets.line : undefined,
    secrets: settingsOf(secrets),
    env: settingsOf(job.get('env')),
    steps: (job.get('steps')?.items() ?? []).filter((step) => step.isMap).map(stepOf),
    texts: textsOf(job, 0),
  }
}

const runsOnOf = (value: YamlValue | undefined): string[] => {
  if (!value) return []
  if (value.isList) return value.items().flatMap((item) => item.text ?? [])
  if (value.isMap) return [...runsOnOf(value.get('labels')), ...runsOnOf(value.get('group'))]
  return value.text === undefined ? [] : [value.text]
}

const stepOf = (step: YamlValue): Step => ({
  line: step.line,
  uses: first(step.get('uses')),
  run: first(step.get('run')),
  with: settingsOf(step.get('with')),
  env: settingsOf(step.get('env')),
})

const permissionsOf = (value: YamlValue | undefined): Permissions | undefined => {
  if (!value) return undefined
  const all = value.text === 'write-all' || value.text === 'read-all' ? value.text : undefined
  return { all, scopes: settingsOf(value), line: value.line }
}

const settingsOf = (value: YamlValue | undefined): Setting[] =>
  (value?.isMap ? value.entries() : []).flatMap(({ key, line, value: { text } }) =>
    text === undefined ? [] : [{ name: key, value: text, line }],
  )

const first = (value: YamlValue | undefined): Named | undefined => (value ? namedOf(value)[0] : undefined)

const namedOf = (value: YamlValue): Named[] =>
  value.text === undefined ? [] : [{ name: value.text, line: value.textLine }]

const NESTING_MAX = 12

const textsIn = (value: YamlValue | undefined): Named[] => (value ? textsOf(value, 0) : [])

const textsOf = (value: YamlValue, nesting: number): Named[] => {
  if (nesting > NESTING_MAX) return []
  if (value.isMap) return value.entries().flatMap((entry) => textsOf(entry.value, nesting + 1))
  if (value.isList) return value.items().flatMap((item) => textsOf(item, nesting + 1))
  return namedOf(value)
}
