import type { YamlValue } from '../../yaml-file.ts'
import type { Place } from '../ci-job.ts'

/** A `.circleci/config.yml`, as far as its identities go. */
export interface Configuration {
  readonly orbs: readonly Place[]
  readonly jobs: readonly ConfiguredJob[]
}

export interface ConfiguredJob extends Place {
  readonly scripts: readonly Place[]
  readonly variables: readonly Place[]
  /** Sets of secrets that a workflow hands it. */
  readonly contexts: readonly Place[]
  readonly sshKeys: readonly Place[]
  /** Texts given to commands of orbs and of its own. */
  readonly parameters: readonly Place[]
  /** What its images are fetched with. */
  readonly signIns: readonly Place[]
  /** Classes of runners that are the organisation's own machines. */
  readonly ownMachines: readonly Place[]
}

/** Reads a configuration; a job that no workflow names is read as well, for another file may start it. */
export const readConfiguration = (root: YamlValue): Configuration => {
  const inline = (root.get('orbs')?.entries() ?? []).filter(({ value }) => value.isMap)
  const whole = configurationOf(root)
  // An orb that stands in the file itself is a configuration in it; its jobs are called by its name.
  return inline.reduce<Configuration>((all, { key, value }) => {
    const its = configurationOf(value)
    const jobs = its.jobs.map((job) => {
      const name = `${key}/${job.name}`
      const started = whole.jobs.find((one) => one.name === name)
      return started ? { ...job, name, ...merged(job, started) } : { ...job, name }
    })
    const names = new Set(jobs.map(({ name }) => name))
    return {
      orbs: [...all.orbs, ...its.orbs],
      jobs: [...all.jobs.filter(({ name }) => !names.has(name)), ...jobs],
    }
  }, whole)
}

const merged = (job: ConfiguredJob, started: ConfiguredJob): Steps & Pick<ConfiguredJob, 'contexts'> => ({
  ...together([job, started]),
  contexts: [...job.contexts, ...started.contexts],
})

const configurationOf = (root: YamlValue): Configuration => {
  const executors = root.get('executors')
  const commands = root.get('commands')
  const uses = (root.get('workflows')?.entries() ?? []).flatMap(({ value }) =>
    (value.get('jobs')?.items() ?? []).flatMap((item) => useOf(item, commands)),
  )
  const own = (root.get('jobs')?.entries() ?? []).filter(({ value }) => value.isMap)
  return {
    orbs: (root.get('orbs')?.entries() ?? []).flatMap(({ line, value: { text } }) =>
      text === undefined ? [] : [{ name: text, line }],
    ),
    jobs: [
      ...own.map(({ key, line, value }): ConfiguredJob => {
        const places = [value, executorOf(value, executors)]
        return {
          name: key,
          line,
          ...together([stepsOf(value.get('steps'), commands), ...usesOf(uses, key)]),
          signIns: places.flatMap(signInsOf),
          variables: places.flatMap((one) => namesOf(one?.get('environment'))),
          contexts: uses.filter(({ job }) => job === key).flatMap(({ contexts }) => contexts),
          ownMachines: places.flatMap((one) => ownMachinesOf(one?.get('resource_class'))),
        }
      }),
      ...orbJobs(uses, new Set(own.map(({ key }) => key))),
    ],
  }
}

// A job out of an orb stands nowhere else than in the workflow that starts it, with what that hands it.
const orbJobs = (uses: readonly Use[], own: ReadonlySet<string>): ConfiguredJob[] =>
  [...new Map(uses.filter(({ job }) => job.includes('/') && !own.has(job)).map((use) => [use.job, use])).values()].map(
    ({ job, line }) => ({
      name: job,
      line,
      ...together(usesOf(uses, job)),
      signIns: [],
      variables: [],
      contexts: uses.filter((use) => use.job === job).flatMap(({ contexts }) => contexts),
      ownMachines: [],
    }),
  )

/** A place of a workflow that starts a job. */
interface Use {
  readonly job: string
  readonly line: number
  readonly contexts: readonly Place[]
  readonly handed: Steps
}

const usesOf = (uses: readonly Use[], name: string): Steps[] =>
  uses.filter(({ job }) => job === name).map(({ handed }) => handed)

const useOf = (item: YamlValue, commands: YamlValue | undefined): Use[] => {
  if (item.text !== undefined) return [{ job: item.text, line: item.line, contexts: [], handed: together([]) }]
  return item.entries().map(({ key, line, value }) => {
    const given = value.entries().filter((one) => !OF_WORKFLOW.has(one.key))
    const parameters = given.flatMap((one) => textsOf(one.value))
    const steps = ['pre-steps', 'post-steps'].map((when) => stepsOf(value.get(when), commands))
    const handed = together([...steps, { scripts: [], sshKeys: [], parameters }])
    return { job: key, line, contexts: textsOf(value.get('context')), handed }
  })
}

// What a workflow says of a job that is no parameter of it.
const OF_WORKFLOW = new Set(['context', 'name', 'requires', 'filters', 'type', 'matrix', 'pre-steps', 'post-steps'])

// `auth` and `aws_auth` of an image: the account that fetches it.
const signInsOf = (value: YamlValue | undefined): Place[] =>
  (value?.get('docker')?.items() ?? []).flatMap((image) =>
    ['auth', 'aws_auth'].flatMap((key) => (image.get(key)?.entries() ?? []).flatMap((one) => textsOf(one.value))),
  )

const together = (all: readonly Steps[]): Steps => ({
  scripts: all.flatMap(({ scripts }) => scripts),
  sshKeys: all.flatMap(({ sshKeys }) => sshKeys),
  parameters: all.flatMap(({ parameters }) => parameters),
})

const executorOf = (job: YamlValue, executors: YamlValue | undefined): YamlValue | undefined => {
  const named = job.get('executor')
  const name = (named?.isMap ? named.get('name') : named)?.text
  return name === undefined ? undefined : executors?.get(name)
}

// `namespace/name` is a self-hosted runner; the vendor's own classes have no slash.
const ownMachinesOf = (value: YamlValue | undefined): Place[] => textsOf(value).filter(({ name }) => name.includes('/'))

const DEPTH_MAX = 8

type Steps = Pick<ConfiguredJob, 'scripts' | 'sshKeys' | 'parameters'>

const stepsOf = (steps: YamlValue | undefined, commands: YamlValue | undefined, depth = 0): Steps => {
  const scripts: Place[] = []
  const sshKeys: Place[] = []
  const parameters: Place[] = []
  const addAll = (more: Steps): void => {
    scripts.push(...more.scripts)
    sshKeys.push(...more.sshKeys)
    parameters.push(...more.parameters)
  }
  for (const step of depth > DEPTH_MAX ? [] : (steps?.items() ?? [])) {
    const [entry] = step.entries()
    const name = step.text ?? entry?.key ?? ''
    const value = entry?.value
    if (name === 'run' || name === 'deploy') scripts.push(...textsOf(value?.isMap ? value.get('command') : value))
    else if (name === 'add_ssh_keys')
      sshKeys.push(...withDefault(textsOf(value?.get('fingerprints')), { name: 'every key', line: step.line }))
    else if (name === 'when' || name === 'unless') addAll(stepsOf(value?.get('steps'), commands, depth + 1))
    else {
      parameters.push(...(value?.entries() ?? []).flatMap((one) => textsOf(one.value)))
      addAll(stepsOf(commands?.get(name)?.get('steps'), commands, depth + 1))
    }
  }
  return { scripts, sshKeys, parameters }
}

const withDefault = (places: Place[], other: Place): Place[] => (places.length > 0 ? places : [other])

const namesOf = (value: YamlValue | undefined): Place[] =>
  (value?.isList ? value.items() : value ? [value] : []).flatMap((one) =>
    one.entries().map(({ key, line }) => ({ name: key, line })),
  )

const textsOf = (value: YamlValue | undefined): Place[] => {
  if (value === undefined) return []
  if (value.isList) return value.items().flatMap(textsOf)
  return value.text === undefined ? [] : [{ name: value.text, line: value.textLine }]
}
