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
  /** Classes of runners that are the organisation's own machines. */
  readonly ownMachines: readonly Place[]
}

/** Reads a configuration; a job that no workflow names is read as well, for another file may start it. */
export const readConfiguration = (root: YamlValue): Configuration => {
  const uses = (root.get('workflows')?.entries() ?? []).flatMap(({ value }) =>
    (value.get('jobs')?.items() ?? []).flatMap(useOf),
  )
  const executors = root.get('executors')
  const commands = root.get('commands')
  return {
    orbs: (root.get('orbs')?.entries() ?? []).flatMap(({ line, value: { text } }) =>
      text === undefined ? [] : [{ name: text, line }],
    ),
    jobs: (root.get('jobs')?.entries() ?? [])
      .filter(({ value }) => value.isMap)
      .map(({ key, line, value }) => ({
        name: key,
        line,
        ...stepsOf(value.get('steps'), commands),
        variables: [value, executorOf(value, executors)].flatMap((one) => namesOf(one?.get('environment'))),
        contexts: uses.filter(({ job }) => job === key).flatMap(({ contexts }) => contexts),
        ownMachines: [value, executorOf(value, executors)].flatMap((one) => ownMachinesOf(one?.get('resource_class'))),
      })),
  }
}

const useOf = (item: YamlValue): { job: string; contexts: readonly Place[] }[] => {
  if (item.text !== undefined) return [{ job: item.text, contexts: [] }]
  return item.entries().map(({ key, value }) => ({ job: key, contexts: textsOf(value.get('context')) }))
}

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
    if (name === 'run') scripts.push(...textsOf(value?.isMap ? value.get('command') : value))
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
