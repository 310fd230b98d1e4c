import type { YamlValue } from '../../yaml-file.ts'
import type { Place } from '../ci-job.ts'

/** A `.gitlab-ci.yml`, as far as its identities go. */
export interface Pipeline {
  readonly includes: readonly Include[]
  readonly jobs: readonly PipelineJob[]
  /** Conditions under which the pipeline runs at all. */
  readonly conditions: readonly Place[]
}

/** Code from elsewhere that becomes part of the pipeline. */
export interface Include extends Place {
  readonly type: 'project' | 'remote' | 'component' | 'template' | 'local'
  readonly isPinned: boolean
}

export interface PipelineJob extends Place {
  readonly environment: string
  readonly scripts: readonly Place[]
  readonly variables: readonly (Place & { readonly value: string })[]
  /** The tokens by which it proves itself: the variable, and for whom. */
  readonly idTokens: readonly { readonly variable: string; readonly audiences: readonly Place[] }[]
  /** Secrets that GitLab fetches for it from a store. */
  readonly fetched: readonly Place[]
  readonly conditions: readonly Place[]
}

/** Reads a pipeline; hidden jobs are templates, and count only in those that extend them. */
export const readPipeline = (root: YamlValue): Pipeline => {
  const entries = root.entries().filter(({ key, value }) => !RESERVED.has(key) && value.isMap)
  const templates = new Map(entries.map(({ key, value }) => [key, value]))
  const shared = [root, ...(root.get('default') ? [root.get('default')] : [])].flatMap((one) => one ?? [])
  return {
    includes: listOf(root.get('include')).flatMap(includeOf),
    jobs: entries
      .filter(({ key, value }) => !key.startsWith('.') && isJob(value))
      .map(({ key, line, value }) => jobOf({ name: key, line }, [value, ...parentsOf(value, templates)], shared, root)),
    conditions: conditionsOf(root.get('workflow'), root),
  }
}

/** Whether something at the top of the file is a job. */
export const isJob = (value: YamlValue): boolean => JOB_WORDS.some((word) => value.get(word) !== undefined)

const JOB_WORDS = ['script', 'trigger', 'extends', 'run', 'release']

const RESERVED = new Set(
  'default include stages variables workflow image services cache before_script after_script spec'.split(' '),
)

// GitLab follows `extends` eleven steps at the most.
const EXTENDS_MAX = 11

const parentsOf = (job: YamlValue, templates: ReadonlyMap<string, YamlValue>, depth = 0): YamlValue[] => {
  if (depth >= EXTENDS_MAX) return []
  return (
    listOf(job.get('extends'))
      .flatMap(({ text }) => templates.get(text ?? '') ?? [])
      // The last one named wins over those before it.
      .reverse()
      .flatMap((parent) => [parent, ...parentsOf(parent, templates, depth + 1)])
      .slice(0, PARENTS_MAX)
  )
}

const PARENTS_MAX = 50

const jobOf = (
  named: Place,
  layers: readonly YamlValue[],
  shared: readonly YamlValue[],
  root: YamlValue,
): PipelineJob => {
  const all = [...layers, ...shared]
  const first = (key: string): YamlValue | undefined => layers.map((layer) => layer.get(key)).find((value) => value)
  const environment = first('environment')
  return {
    ...named,
    environment: (environment?.isMap ? environment.get('name') : environment)?.text ?? '',
    scripts: SCRIPTS.flatMap((key) =>
      textsOf(
        all.map((one) => one.get(key)).find((value) => value),
        root,
      ),
    ),
    variables: all.flatMap((one) =>
      (one.get('variables')?.entries() ?? []).flatMap(({ key, line, value }) => {
        const text = value.isMap ? value.get('value')?.text : value.text
        return text === undefined ? [] : [{ name: key, line, value: text }]
      }),
    ),
    idTokens: ['id_tokens', 'identity'].flatMap((key) =>
      (
        all
          .map((one) => one.get(key))
          .find((value) => value)
          ?.entries() ?? []
      ).map((token) => ({
        variable: token.key,
        audiences: textsOf(token.value.get('aud'), root),
      })),
    ),
    fetched: (first('secrets')?.entries() ?? []).map(({ key, line }) => ({ name: key, line })),
    conditions: layers.flatMap((layer) => conditionsOf(layer, root)),
  }
}

const SCRIPTS = ['before_script', 'script', 'after_script']

// `rules: - if: …` and the older `only: [merge_requests]`.
const conditionsOf = (value: YamlValue | undefined, root: YamlValue): Place[] => {
  const only = value?.get('only')
  return [
    ...followed(value?.get('rules'), root).flatMap((rule) => {
      const never = rule.get('when')?.text === 'never'
      return never ? [] : textsOf(rule.get('if'), root)
    }),
    ...textsOf(only?.isMap ? only.get('refs') : only, root),
  ]
}

const includeOf = (value: YamlValue): Include[] => {
  const { line } = value
  if (value.text !== undefined) {
    return [{ type: isUrl(value.text) ? 'remote' : 'local', name: value.text, line, isPinned: false }]
  }
  const text = (key: string): string => value.get(key)?.text ?? ''
  const ref = text('ref')
  if (text('project') !== '')
    return [{ type: 'project', name: `${text('project')}@${ref || 'HEAD'}`, line, isPinned: isDigest(ref) }]
  if (text('remote') !== '') return [{ type: 'remote', name: text('remote'), line, isPinned: text('integrity') !== '' }]
  if (text('component') !== '') {
    const component = text('component')
    return [{ type: 'component', name: component, line, isPinned: isDigest(component.split('@').at(-1) ?? '') }]
  }
  if (text('template') !== '') return [{ type: 'template', name: text('template'), line, isPinned: true }]
  return text('local') === '' ? [] : [{ type: 'local', name: text('local'), line, isPinned: true }]
}

const isUrl = (text: string): boolean => /^https?:\/\//.test(text)
// A tag or a version of a component is a git tag, which can be moved.
const isDigest = (ref: string): boolean => /^[0-9a-f]{40}$/i.test(ref)

const listOf = (value: YamlValue | undefined): readonly YamlValue[] =>
  value === undefined ? [] : value.isList ? value.items() : [value]

const NESTING_MAX = 11

// `!reference [.setup, script]` stands for what lies there, in a list or in place of one.
const followed = (value: YamlValue | undefined, root: YamlValue, nesting = 0): readonly YamlValue[] => {
  if (value === undefined || nesting > NESTING_MAX) return []
  if (value.tag === '!reference') return followed(pointedAt(value, root), root, nesting + 1)
  return value.isList ? value.items().flatMap((item) => followed(item, root, nesting + 1)) : [value]
}

const pointedAt = (value: YamlValue, root: YamlValue): YamlValue | undefined =>
  value.items().reduce<YamlValue | undefined>((found, { text }) => found?.get(text ?? ''), root)

const textsOf = (value: YamlValue | undefined, root: YamlValue): Place[] =>
  followed(value, root).flatMap(({ text, textLine }) => (text === undefined ? [] : [{ name: text, line: textLine }]))
