import { guessEnvironment } from '../../environment.ts'
import type { ScannedFile } from '../../file.ts'
import type { Problem, Reach, Trait } from '../../report.ts'
import type { SightingDraft, Source, SourceAnswer } from '../../source.ts'
import { isYaml, readYaml, type YamlValue } from '../../yaml-file.ts'
import { staticKeysOf, trustsOf } from './clouds.ts'
import { secretsOf } from './expressions.ts'
import { traitsOf } from './traits.ts'
import { type Job, readCompositeAction, readWorkflow, type Workflow } from './workflow.ts'

/** GitHub Actions workflows: each job is an identity, with the token and the secrets that it is handed. */
export const githubActionsSource: Source = {
  name: 'github-actions',
  wants: isYaml,
  read(file): SourceAnswer {
    const root = readYaml(file).documents[0]
    const problem = (detail: string): Problem => ({ path: file.path, reason: 'not-a-workflow', detail })
    if (root && ACTION.test(file.baseName)) return { sightings: compositeSightings(root, file), problems: [] }
    if (!root || !isWorkflow(root, file)) return { sightings: [], problems: [] }
    const workflow = readWorkflow(root)
    const problems: Problem[] = []
    if (workflow.jobs.length === 0) problems.push(problem('a workflow without jobs'))
    if (workflow.triggers.length === 0) problems.push(problem('a workflow without a trigger: GitHub refuses it'))
    return { sightings: workflow.jobs.flatMap((job) => sightingsOf(job, workflow, file)), problems }
  },
}

const ACTION = /^action\.ya?ml$/

const compositeSightings = (root: YamlValue, file: ScannedFile): SightingDraft[] => {
  const name = file.repositoryPath.includes('/') ? file.repositoryPath.replace(/\/[^/]*$/, '') : 'itself'
  const action = readCompositeAction(root, name)
  if (!action) return []
  return action.jobs.flatMap((job) =>
    sightingsOf(job, action, file).map((sighting) =>
      sighting.kind === 'ci-job'
        ? {
            ...sighting,
            name: `${file.repository}/action ${name}`,
            stableKey: `github-actions:${file.repository}:${file.repositoryPath}`,
            evidence: [`the composite action of ${file.repositoryPath}, which runs in the jobs that name it`],
          }
        : sighting,
    ),
  )
}

const isWorkflow = (root: YamlValue, file: ScannedFile): boolean => {
  if (file.repositoryPath.startsWith('.github/workflows/')) return true
  const jobs = root.get('jobs')
  const on = root.get('on')
  // CircleCI and others have `jobs:` too: what tells a workflow is `on:`, or a job that runs on something.
  if (!jobs) return on !== undefined && readWorkflow(root).triggers.some(({ name }) => USUAL_TRIGGERS.has(name))
  return on !== undefined || jobs.entries().some(({ value }) => value.get('runs-on') !== undefined)
}

// Enough to tell the `on:` of a workflow that lost its jobs from that of anything else.
const USUAL_TRIGGERS = new Set([
  'push',
  'pull_request',
  'pull_request_target',
  'schedule',
  'workflow_dispatch',
  'workflow_call',
])

const sightingsOf = (job: Job, workflow: Workflow, file: ScannedFile): SightingDraft[] => {
  const fileName = file.baseName.replace(/\.ya?ml$/, '')
  const where = file.at(job.line)
  const environment = guessEnvironment([
    { name: job.environment?.name ?? '', what: 'its GitHub environment' },
    { name: job.name, what: "the job's name" },
    { name: fileName, what: "the workflow's name" },
  ])
  const jobSighting: SightingDraft = {
    kind: 'ci-job',
    name: `${file.repository}/${fileName}/${job.name}`,
    stableKey: `github-actions:${file.repository}:${file.repositoryPath}#${job.name}`,
    where,
    reaches: reachesOf(job, workflow, file),
    evidence: [
      `job ${job.name} of ${file.baseName}, started by ${workflow.triggers.map(({ name }) => name).join(', ') || 'nothing'}`,
    ],
    environment,
    traits: traitsOf(job, workflow, file),
  }
  const accounts = trustsOf(job, workflow.env).flatMap((trust): SightingDraft[] => {
    if (!trust.stableKey) return []
    const line = file.at(trust.line)
    return [
      {
        kind: trust.kind,
        name: trust.name,
        stableKey: trust.stableKey,
        where: line,
        reaches: [],
        evidence: [
          `${jobSighting.name} becomes it with ${trust.by === 'OIDC federation' ? "the run's OIDC token" : trust.by}`,
        ],
        environment: guessEnvironment([{ name: trust.name, what: 'its name' }]) ?? environment,
        traits: [{ trait: 'assumed-by-ci', detail: jobSighting.name, where: line } satisfies Trait],
      },
    ]
  })
  return [jobSighting, ...accounts]
}

const reachesOf = (job: Job, workflow: Workflow, file: ScannedFile): Reach[] => {
  const permissions = job.permissions ?? workflow.permissions
  const token: Reach[] = permissions
    ? permissions.all
      ? [
          {
            what: `${file.repository}: every scope`,
            access: permissions.all === 'write-all' ? 'write' : 'read',
            because: `permissions: ${permissions.all}`,
          },
        ]
      : permissions.scopes
          .filter(({ value }) => value !== 'none')
          .map(({ name, value }) => ({
            what: `${file.repository}: ${name}`,
            access: value === 'write' ? 'write' : 'read',
            because: `permissions: ${name}: ${value}`,
          }))
    : [
        {
          what: `${file.repository}: the default of its settings`,
          access: 'unknown',
          because: 'no permissions are written',
        },
      ]
  return [
    ...token,
    ...trustsOf(job, workflow.env).map(
      ({ provider, name, by }): Reach => ({ what: `${provider} ${name}`, access: 'unknown', because: by }),
    ),
    ...staticKeysOf(job, workflow.env).map(
      ({ provider, name }): Reach => ({
        what: `${provider} account`,
        access: 'unknown',
        because: `static key ${name}`,
      }),
    ),
    ...secretsOf(job.texts).map(
      ({ name }): Reach => ({ what: `secret ${name}`, access: 'read', because: 'the job is handed it' }),
    ),
  ]
}
