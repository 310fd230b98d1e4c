import { dayIn } from '../../exports/credential-fact.ts'
import { type ExportRecord, recordsOf } from '../../exports/records.ts'
import { isExportWith, seenIn } from '../../exports/seen.ts'
import type { ScannedFile } from '../../file.ts'
import type { Reach, Trait } from '../../report.ts'
import type { Source, SourceAnswer } from '../../source.ts'
import { NODE_FORMS, type NodeForm } from './labels.ts'

/** A graph that another tool drew, as Neo4j exports Cartography's: the identities among its nodes, and what its edges reach. */
export const graphSource: Source = {
  name: 'graph',
  wants: (file) => isExportWith(file, ['"labels"']),
  read(file): SourceAnswer {
    const { all, problems } = recordsOf(file)
    const nodes = new Map(all.filter(isNode).map((record) => [record.text('id', 'elementId', 'identity'), record]))
    const reaches = new Map<string, Reach[]>()
    for (const edge of all.filter(isEdge)) {
      const [from, to] = [endOf(edge, 'start'), endOf(edge, 'end')]
      const name = nodes.has(to) ? nameOf(nodes.get(to)) : to
      const found = reaches.get(from) ?? []
      const because = edge.text('label', 'type')
      if (found.length < REACHES_MAX) found.push({ what: name, access: accessOf(because), because })
      reaches.set(from, found)
    }
    const sightings = [...nodes].flatMap(([id, node]) => {
      const form = formOf(node)
      const key = form?.key(node.child('properties')) ?? ''
      if (!form || key === '') return []
      return [
        seenIn(file, {
          kind: form.kind,
          name: `${form.words} ${nameOf(node)}`,
          key,
          line: node.line,
          evidence: `node ${node.texts('labels').slice(0, 5).join(', ')}`,
          reaches: reaches.get(id) ?? [],
          traits: traitsOf(node.child('properties'), node, file),
        }),
      ]
    })
    return { sightings, problems }
  },
}

const REACHES_MAX = 100

const isNode = (record: ExportRecord): boolean =>
  record.has('labels') &&
  record.has('properties') &&
  record.text('type') !== 'relationship' &&
  record.text('id', 'elementId', 'identity') !== ''
const isEdge = (record: ExportRecord): boolean => endOf(record, 'start') !== '' && endOf(record, 'end') !== ''

// `start: {id}` of APOC; `startNode`, `source` and plain ids of others.
const endOf = (edge: ExportRecord, end: 'start' | 'end'): string =>
  edge.child(end).text('id') ||
  edge.text(end, `${end}Node`, `${end}NodeElementId`, end === 'start' ? 'source' : 'target')

const formOf = (node: ExportRecord): NodeForm | undefined =>
  node
    .texts('labels')
    .map((label) => NODE_FORMS.get(label))
    .find((form) => form !== undefined)

const nameOf = (node: ExportRecord | undefined): string =>
  node?.child('properties').text('arn', 'email', 'name', 'displayName', 'display_name', 'id') ||
  node?.texts('labels')[0] ||
  'something'

const accessOf = (label: string): Reach['access'] =>
  /ADMIN|OWNER|MANAGE/i.test(label)
    ? 'admin'
    : /READ/i.test(label)
      ? 'read'
      : /WRITE/i.test(label)
        ? 'write'
        : 'unknown'

const traitsOf = (properties: ExportRecord, node: ExportRecord, file: ScannedFile): Trait[] => {
  const used = dayIn(properties.text('lastuseddate', 'last_used_at', 'passwordlastused', 'lastused'))
  const where = file.at(node.line)
  return [
    ...(used === '' ? [] : [{ trait: 'account:last-used', detail: used, where }]),
    ...(properties.is('anonymous_access') ? [{ trait: 'account:public', detail: nameOf(node), where }] : []),
  ]
}
