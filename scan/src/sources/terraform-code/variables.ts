import type { HclBody, HclEntry, HclValue } from '../../hcl/hcl-body.ts'
import type { Folder, PlacedBlock, PlacedEntry } from './folders.ts'
import { unknown } from './known.ts'
import type { CodeResource } from './read-code.ts'
import { moduleKey } from './stand-ins.ts'

/**
 * What a run gives to the variables of a root: what its files of values say. One that only a file says which a run may
 * take or leave (`-var-file`) is not known.
 */
export const variableInputs = (root: Folder): ((name: string) => { readonly value: unknown } | undefined) => {
  const given = new Map(root.values.map(({ key, value }) => [key, written(value)]))
  const optional = new Set(root.optionalValues.map(({ key }) => key))
  return (name) => {
    if (optional.has(name)) return { value: unknown(`var.${name}`) }
    return given.has(name) ? { value: given.get(name) } : undefined
  }
}

/** What variables hold as their default, or by a file of values: it lies in the code, whoever uses it. */
export const variablePresets = (folder: Folder): CodeResource[] => {
  const variables = folder.blocks.filter(({ type }) => type === 'variable')
  const sensitive = new Set(variables.filter(({ body }) => isSensitive(body)).map(({ labels: [name = ''] }) => name))
  const told = [...variables.flatMap(defaultOf), ...folder.values, ...folder.optionalValues]
  return told.flatMap(({ key, value, file, line }) => {
    const preset = written(value)
    if (key === '' || typeof preset !== 'string') return []
    const address = `var.${key}`
    return [
      {
        address,
        type: 'variable',
        name: key,
        isManaged: false,
        attributes: { [key]: preset },
        sensitive: new Set(sensitive.has(key) ? [key] : []),
        key: moduleKey(folder.repository, folder.repositoryPath, address),
        file,
        line,
      },
    ]
  })
}

const defaultOf = ({ labels: [key = ''], body, file }: PlacedBlock): PlacedEntry[] =>
  body.attributes.flatMap((entry): PlacedEntry[] => (entry.key === 'default' ? [{ ...entry, key, file }] : []))

const isSensitive = ({ attributes }: HclBody): boolean =>
  attributes.some(
    ({ key, value }) =>
      key === 'sensitive' && value.is === 'literal' && (value.value === true || value.value === 'true'),
  )

// Files of values hold nothing that would have to be worked out, and defaults neither.
const written = (value: HclValue): unknown => {
  if (value.is === 'literal') return value.value
  if (value.is === 'list') return value.items.map(written)
  if (value.is === 'object') return Object.fromEntries(value.entries.map(pairOf))
  return unknown('text' in value ? value.text : 'a value')
}

const pairOf = ({ key, value }: HclEntry): [string, unknown] => [key, written(value)]
