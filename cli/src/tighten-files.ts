import type { Client } from '@reeve/sdk/client'
import { isMap, isScalar, isSeq, type Node, parseAllDocuments, stringify, type YAMLMap } from 'yaml'

type Proposal = Awaited<ReturnType<Client['policy']['access']['tighten']>>['proposals'][number]
type Lines = Proposal['after']

/** One file of a folder, as it is. */
export interface AccessFile {
  readonly path: string
  readonly text: string
}

/** A file as it would be; without a text it would hold nothing any more. */
export interface TightenedFile extends AccessFile {
  readonly after: string | undefined
}

/** What became of proposals: the files that they change, and those that no file of the folder declares. */
export interface Tightened {
  readonly files: readonly TightenedFile[]
  readonly left: readonly Proposal[]
}

interface Edit {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** Writes proposals into the files that declare them, each where it stands; nothing else of a file changes. */
export const tightenFiles = (files: readonly AccessFile[], proposals: readonly Proposal[]): Tightened => {
  const open = new Set(proposals)
  const tightened = files.flatMap((file): TightenedFile[] => {
    const found = objectsIn(file.text)
    const edits = found.flatMap((object): Edit[] => {
      const proposal = [...open].find((one) => isDeclaredBy(one, file.path, object.map))
      if (proposal === undefined) return []
      open.delete(proposal)
      return editsFor(proposal, object, file.text)
    })
    if (edits.length === 0) return []
    const after = withEdits(file.text, edits)
    const isEmpty = objectsIn(after).length === 0
    return [{ ...file, after: isEmpty ? undefined : after }]
  })
  return { files: tightened, left: [...open] }
}

interface Declared {
  readonly map: YAMLMap
  /** Whether it stands in a list, and where its entry there begins and ends. */
  readonly entry: { readonly from: number; readonly to: number } | undefined
}

const objectsIn = (text: string): readonly Declared[] => {
  const documents = parseAllDocuments(text)
  return (Array.isArray(documents) ? documents : []).flatMap(({ contents }): Declared[] => {
    if (isMap(contents)) return [{ map: contents, entry: undefined }]
    if (!isSeq(contents)) return []
    return contents.items.flatMap((item): Declared[] =>
      isMap(item) ? [{ map: item, entry: entryOf(text, item) }] : [],
    )
  })
}

// From the dash to the end of the last line of the item; flow lists have no entries that a line could go with.
const entryOf = (text: string, item: Node): Declared['entry'] => {
  const [start = 0] = item.range ?? []
  const line = text.lastIndexOf('\n', start - 1) + 1
  return /^\s*-\s+$/.test(text.slice(line, start)) ? { from: line, to: endOf(text, item) + 1 } : undefined
}

const endOf = (text: string, node: Node): number => {
  const [start = 0, end = 0] = node.range ?? []
  return start + text.slice(start, end).trimEnd().length
}

const isDeclaredBy = (proposal: Proposal, path: string, map: YAMLMap): boolean => {
  const says = (key: string): unknown => map.get(key)
  if (proposal.type === 'bundle') return path.startsWith('bundles/') && says('name') === proposal.name
  const name = says('name') ?? says('bundle') ?? says('resource')
  return path.startsWith('grants/') && says('identity') === proposal.identity && name === proposal.name
}

const editsFor = (proposal: Proposal, { map, entry }: Declared, text: string): Edit[] => {
  const [only] = proposal.after
  if (proposal.type === 'bundle') return bundleEdits(proposal, map, text)
  const actions = map.get('actions', true)
  if (proposal.bundle === null && only !== undefined && isNode(actions)) return [valueEdit(text, actions, flow(only))]
  const grants = proposal.after.map((line) => grantOf(map, proposal, line))
  const whole = entry ?? { from: map.range?.[0] ?? 0, to: endOf(text, map) + 1 }
  const indent = /^ */.exec(text.slice(whole.from))?.[0] ?? ''
  const written = grants.length === 0 ? '' : stringify(grants, { lineWidth: 0 }).replace(/^(?=.)/gm, indent)
  return [{ ...whole, to: Math.min(whole.to, text.length), text: written }]
}

/** The grant of one line that takes the place of one of a bundle: under the same terms, with a name of its own. */
const grantOf = (map: YAMLMap, { name }: Proposal, line: Lines[number]): Record<string, unknown> => {
  const { identity, bundle: _bundle, resource: _resource, actions: _actions, name: _name, ...terms } = record(map)
  const { resource, actions } = line
  return { identity, name: `${name} ${resource}`.slice(0, NAME_MAX), resource, actions, ...terms }
}

const NAME_MAX = 100

const bundleEdits = ({ after }: Proposal, map: YAMLMap, text: string): Edit[] => {
  const matrix = map.get('matrix', true)
  // A bundle of nothing cannot be declared: it is ended by whoever grants it.
  if (after.length === 0 || !isSeq(matrix)) return []
  const left = [...after]
  return matrix.items.flatMap((item): Edit[] => {
    if (!isMap(item)) return []
    const at = left.findIndex(({ resource }) => resource === item.get('resource'))
    const [line] = at < 0 ? [] : left.splice(at, 1)
    const actions = item.get('actions', true)
    if (line !== undefined) return isNode(actions) ? [valueEdit(text, actions, flow(line))] : []
    const entry = entryOf(text, item)
    return entry === undefined ? [] : [{ ...entry, text: '' }]
  })
}

const valueEdit = (text: string, node: Node, written: string): Edit => ({
  from: node.range?.[0] ?? 0,
  to: endOf(text, node),
  text: written,
})

const flow = ({ actions }: Lines[number]): string =>
  `[${actions.map((action) => (action === '*' ? '"*"' : action)).join(', ')}]`

const withEdits = (text: string, edits: readonly Edit[]): string =>
  [...edits]
    .sort((one, other) => other.from - one.from)
    .reduce((made, { from, to, text: written }) => `${made.slice(0, from)}${written}${made.slice(to)}`, text)

const isNode = (value: unknown): value is Node => isSeq(value) || isMap(value) || isScalar(value)

const record = (map: YAMLMap): Record<string, unknown> => ({ ...Object(map.toJSON()) })
