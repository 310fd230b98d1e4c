import type { ScannedFile } from '../../file.ts'
import type { Source, SourceAnswer } from '../../source.ts'
import { isYaml, readYaml } from '../../yaml-file.ts'
import {
  ciJobSightings,
  isSecretName,
  type Place,
  rolesIn,
  type SeenJob,
  staticKeysAmong,
  variablesIn,
} from '../ci-job.ts'
import { type Configuration, type ConfiguredJob, readConfiguration } from './configuration.ts'

/** Configurations of CircleCI: each job is an identity, with the contexts, keys and secrets that it is handed. */
export const circleciSource: Source = {
  name: 'circleci',
  wants: (file) => isYaml(file) && /(?:^|\/)\.circleci\//.test(file.repositoryPath),
  read(file): SourceAnswer {
    const root = readYaml(file).documents[0]
    if (!root?.get('jobs') && !root?.get('workflows')) return { sightings: [], problems: [] }
    const configuration = readConfiguration(root)
    return {
      sightings: configuration.jobs.flatMap((job) => ciJobSightings(seenJob(job, configuration, file), file)),
      problems: [],
    }
  },
}

const seenJob = (job: ConfiguredJob, { orbs }: Configuration, file: ScannedFile): SeenJob => {
  const used = [...job.scripts, ...job.parameters, ...job.signIns].flatMap((text) =>
    variablesIn(text, (name) => name.startsWith('CIRCLE_')),
  )
  const declared = new Set(job.variables.map(({ name }) => name))
  const given = job.scripts.flatMap((script) => variablesIn(script, (name) => !OIDC.has(name)))
  const roles = [...job.scripts, ...job.parameters].flatMap(rolesIn)
  return {
    system: 'circleci',
    name: job.name,
    line: job.line,
    pipeline: file.baseName.replace(/\.ya?ml$/, '') === 'config' ? '' : file.baseName.replace(/\.ya?ml$/, ''),
    evidence: `job ${job.name} of ${file.baseName}`,
    environment: job.contexts.map(({ name }) => name).join(' '),
    secrets: [
      ...job.contexts.map(({ name, line }) => ({ name: `context ${name}`, line })),
      ...job.sshKeys.map(({ name, line }) => ({ name: `ssh key ${name}`, line })),
      ...used.filter(({ name }) => isSecretName(name) && !declared.has(name)),
    ],
    staticKeys: staticKeysAmong([...job.variables, ...used]),
    oidc: given,
    roles,
    unpinned: orbs
      .filter(({ name }) => !isPinned(name) && !isVendors(name) && !isOwn(name, file))
      .map(({ name, line }) => ({ name: `orb ${name}`, line })),
    untrustedTriggers: [],
    outsideTriggers: [],
    untrustedInputs: job.scripts.flatMap(untrustedInputsIn),
    ownMachines: job.ownMachines,
    automaticToken: '',
  }
}

const OIDC = new Set(['CIRCLE_OIDC_TOKEN', 'CIRCLE_OIDC_TOKEN_V2'])

// A whole version of an orb is published once and for all; `@1`, `@1.2` and `@volatile` move.
const isPinned = (orb: string): boolean => /@\d{1,6}\.\d{1,6}\.\d{1,6}$/.test(orb)
const isVendors = (orb: string): boolean => orb.startsWith('circleci/')
const isOwn = (orb: string, file: ScannedFile): boolean =>
  file.repository.includes('/') && orb.startsWith(`${file.repository.split('/')[0]}/`)

// CircleCI puts pipeline values into a script before the shell reads it.
const untrustedInputsIn = ({ name: script, line }: Place): Place[] =>
  script
    .split('\n')
    .flatMap((text, index) =>
      [...text.matchAll(PIPELINE_VALUE)].flatMap(([, name = '']) =>
        UNTRUSTED.test(name) ? [{ name, line: line + index }] : [],
      ),
    )

const PIPELINE_VALUE = /<<[ \t]{0,4}(pipeline\.[\w.]{1,120})[ \t]{0,4}>>/g
// Names of branches and tags, and what events tell of titles and texts.
const UNTRUSTED =
  /^pipeline\.(?:git\.(?:branch|tag|commit\.[\w.]{1,60})|trigger_parameters\.[\w.]{0,60}(?:title|branch|ref|tag|message|body|author[\w.]{0,20}))$/
