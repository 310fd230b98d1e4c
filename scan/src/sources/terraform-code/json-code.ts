import type { HclBlock, HclBody, HclEntry, HclValue } from '../../hcl/hcl-body.ts'
import { templateOf } from '../../hcl/read-hcl.ts'
import type { YamlValue } from '../../yaml-file.ts'

/** The blocks of a file in the JSON syntax: what HCL writes as labels is here a property for each. */
export const blocksOfJson = (root: YamlValue): HclBlock[] =>
  root.entries().flatMap(({ key: type, value, line }) => {
    const labels = LABELS.get(type)
    return labels === undefined ? [] : blocksAt(type, value, labels, [], line)
  })

const LABELS = new Map([
  ['resource', 2],
  ['data', 2],
  ['variable', 1],
  ['output', 1],
  ['module', 1],
  ['provider', 1],
  ['locals', 0],
])

const blocksAt = (
  type: string,
  value: YamlValue,
  labelsLeft: number,
  labels: readonly string[],
  line: number,
): HclBlock[] => {
  if (value.isList) return value.items().flatMap((item) => blocksAt(type, item, labelsLeft, labels, item.line))
  if (!value.isMap) return []
  if (labelsLeft === 0) return [{ type, labels, line, body: bodyOfJson(value) }]
  return value
    .entries()
    .flatMap((entry) => blocksAt(type, entry.value, labelsLeft - 1, [...labels, entry.key], entry.line))
}

/** The attributes that an object stands for. */
export const bodyOfJson = (value: YamlValue): HclBody => ({ attributes: value.entries().map(entryOf), blocks: [] })

const entryOf = ({ key, line, value }: { key: string; line: number; value: YamlValue }): HclEntry => ({
  key,
  line,
  value: valueIn(value),
})

const valueIn = (value: YamlValue): HclValue => {
  if (value.isMap) return { is: 'object', entries: value.entries().map(entryOf) }
  if (value.isList) return { is: 'list', items: value.items().map(valueIn) }
  if (value.text === undefined) return { is: 'literal', value: null }
  // The reader keeps no difference between `true` and `"true"`, which providers do not make either.
  if (value.text === 'true' || value.text === 'false') return { is: 'literal', value: value.text === 'true' }
  return templateOf(value.text)
}
