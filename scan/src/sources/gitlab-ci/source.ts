import type { ScannedFile } from '../../file.ts'
import type { Source, SourceAnswer } from '../../source.ts'
import { isYaml, readYaml, type YamlValue } from '../../yaml-file.ts'
import {
  ciJobSightings,
  isSecretName,
  type Place,
  rolesIn,
  type SeenJob,
  staticKeysAmong,
  variablesIn,
} from '../ci-job.ts'
import { isJob, type Pipeline, type PipelineJob, readPipeline } from './pipeline.ts'

/** Pipelines of GitLab CI/CD: each job is an identity, with the tokens and secrets that it is handed. */
export const gitlabCiSource: Source = {
  name: 'gitlab-ci',
  wants: (file) =>
    isYaml(file) && (isPipelinePath(file.repositoryPath) || STAGED.every((word) => file.bytes.includes(word))),
  read(file): SourceAnswer {
    // A file of a component has its `spec:` in a document of its own in front.
    const root = readYaml(file).documents.find((one) => one.get('spec') === undefined)
    if (!root || !looksLikePipeline(root, file)) return { sightings: [], problems: [] }
    const pipeline = readPipeline(root)
    return {
      sightings: pipeline.jobs.flatMap((job) => ciJobSightings(seenJob(job, pipeline, file), file)),
      problems: [],
    }
  },
}

const isPipelinePath = (path: string): boolean =>
  /(?:^|[./-])gitlab-ci\.ya?ml$/.test(path) || /(?:^|\/)\.gitlab(?:-ci)?\//.test(path)

// Files that `include: local:` takes in may be called anything: no other program has a job with both words at the top.
const STAGED = ['script:', 'stage:']

const looksLikePipeline = (root: YamlValue, file: ScannedFile): boolean =>
  isPipelinePath(file.repositoryPath)
    ? root.entries().some(({ value }) => value.isMap && isJob(value))
    : root.entries().some(({ value }) => value.get('script') !== undefined && value.get('stage')?.text !== undefined)

const seenJob = (job: PipelineJob, pipeline: Pipeline, file: ScannedFile): SeenJob => {
  const own = new Set(job.idTokens.map(({ variable }) => variable))
  const isAutomatic = (name: string): boolean => name.startsWith('CI_') || name.startsWith('GITLAB_') || own.has(name)
  const used = job.scripts.flatMap((script) => variablesIn(script, isAutomatic))
  // What a setting that asks for a secret is filled from is one, whatever it is called.
  const filling = job.variables
    .filter(({ name }) => isSecretName(name))
    .flatMap(({ value, line }) => variablesIn({ name: value, line }, isAutomatic))
  const declared = new Set(job.variables.map(({ name }) => name))
  // A job that says where it comes from is in no other pipeline; any other may be in all that the file has.
  const isLimited = job.conditions.length > 0 && job.conditions.every(({ name }) => LIMITS.test(name))
  const conditions = isLimited ? job.conditions : [...job.conditions, ...pipeline.conditions]
  return {
    system: 'gitlab-ci',
    name: job.name,
    line: job.line,
    pipeline: file.repositoryPath === '.gitlab-ci.yml' ? '' : file.baseName.replace(/\.ya?ml$/, ''),
    evidence: `job ${job.name} of ${file.baseName}`,
    environment: job.environment,
    secrets: [...job.fetched, ...filling, ...used.filter(({ name }) => isSecretName(name) && !declared.has(name))],
    staticKeys: staticKeysAmong([...job.variables, ...used]),
    oidc: job.idTokens.flatMap(({ audiences, variable }) =>
      audiences.length > 0 ? audiences : [{ name: `${variable} for any audience`, line: job.line }],
    ),
    roles:
      own.size === 0
        ? []
        : [...job.scripts, ...job.variables.map(({ value, line }) => ({ name: value, line }))].flatMap(rolesIn),
    unpinned: pipeline.includes
      .filter(({ isPinned, type, name }) => !isPinned && type !== 'local' && !isOwn(name, file))
      .map(({ type, name, line }) => ({ name: `${type} ${name}`, line })),
    untrustedTriggers: [],
    outsideTriggers: conditions.flatMap(outsideTriggersIn),
    untrustedInputs: job.scripts.flatMap(untrustedInputsIn),
    ownMachines: [],
    automaticToken: `${file.repository}: CI_JOB_TOKEN`,
  }
}

// `$CI_COMMIT_BRANCH == …` and the like, or a bare name of `only:`.
const LIMITS = /\$CI_(?:COMMIT_(?:BRANCH|TAG|REF_NAME|REF_PROTECTED)|PIPELINE_SOURCE)\b|^[\w/.-]{1,100}$/

// A project of one's own group is no third party; where the group is not known, everybody is.
const isOwn = (name: string, file: ScannedFile): boolean => {
  const group = file.repository.includes('/') ? (file.repository.split('/')[0] ?? '') : ''
  return group !== '' && name.startsWith(`${group}/`)
}

// GitLab runs the pipeline of a merge request out of a fork in the project itself when a member lets it.
const outsideTriggersIn = ({ name: condition, line }: Place): Place[] => {
  const trigger = [
    'merge_request_event',
    'external_pull_request_event',
    'merge_requests',
    'external_pull_requests',
  ].find((word) => condition.includes(word))
  return trigger === undefined || /!=\s{0,4}["']/.test(condition) ? [] : [{ name: trigger, line }]
}

// Variables reach the shell as variables: only what is read a second time becomes a command.
const untrustedInputsIn = ({ name: script, line }: Place): Place[] =>
  script.split('\n').flatMap((text, index) => {
    if (!READ_AGAIN.test(text)) return []
    return variablesIn({ name: text, line: line + index }, (name) => !UNTRUSTED.has(name))
  })

const READ_AGAIN = /(?:^|[\s;&|(])(?:eval|(?:ba|z|da)?sh +-c|python3? +-c|node +-e)\s|\|\s{0,4}(?:ba|z|da)?sh(?:\s|$)/

// Texts that whoever opens a merge request or writes a commit chooses.
const UNTRUSTED = new Set(
  (
    'CI_MERGE_REQUEST_TITLE CI_MERGE_REQUEST_DESCRIPTION CI_MERGE_REQUEST_LABELS CI_MERGE_REQUEST_SOURCE_BRANCH_NAME ' +
    'CI_COMMIT_MESSAGE CI_COMMIT_TITLE CI_COMMIT_DESCRIPTION CI_COMMIT_AUTHOR CI_COMMIT_BRANCH CI_COMMIT_REF_NAME ' +
    'CI_COMMIT_TAG CI_COMMIT_TAG_MESSAGE CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME GITLAB_USER_NAME'
  ).split(' '),
)
