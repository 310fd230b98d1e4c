import { OWN_ACCOUNT } from '../../aws/account.ts'
import type { YamlValue } from '../../yaml-file.ts'

/** One resource of a template, with what its functions stand for put in their place. */
export interface TemplateResource {
  readonly id: string
  readonly type: string
  readonly line: number
  readonly properties: Readonly<Record<string, unknown>>
  /** Where a property stands. */
  lineOf(property: string): number
}

/** The resources of a template; nothing when the value is none. */
export const resourcesOf = (root: YamlValue, arnOf: (type: string, id: string) => string): TemplateResource[] => {
  const resources = root.get('Resources')
  if (!resources?.isMap) return []
  const types = new Map(resources.entries().map(({ key, value }) => [key, value.get('Type')?.text ?? '']))
  const properties = new Map(resources.entries().map(({ key, value }) => [key, value.get('Properties')]))
  const presets = new Map(
    (root.get('Parameters')?.entries() ?? []).map(({ key, value }) => [key, value.get('Default')?.text]),
  )
  const budget = { valuesLeft: VALUES_MAX }
  const named = (id: string): string | undefined => {
    const type = types.get(id)
    if (type === undefined) return undefined
    // The name of what AWS names itself is its place in the template.
    const name = NAMES.map((property) => properties.get(id)?.get(property)?.text).find((text) => text !== undefined)
    return type === 'AWS::IAM::ManagedPolicy' ? arnOf(type, id) : (name ?? id)
  }
  const meant = (path: string): string | undefined => {
    const pseudo = PSEUDO.get(path)
    if (pseudo !== undefined) return pseudo
    if (presets.has(path)) return presets.get(path) ?? `\${${path}}`
    const [id = '', attribute] = path.split('.')
    if (attribute === undefined) return named(path)
    const type = types.get(id)
    return type !== undefined && attribute === 'Arn' ? arnOf(type, id) : undefined
  }
  const substituted = (text: string): string =>
    text.replace(/\$\{([A-Za-z0-9:.]{1,200})\}/g, (whole, path: string) => meant(path) ?? whole)
  const valueIn = (value: YamlValue, depth: number): unknown => {
    budget.valuesLeft -= 1
    if (depth > DEPTH_MAX || budget.valuesLeft < 0) return '${…}'
    if (isChoice(value)) return chosenIn(value, depth)
    if (value.isList) return listIn(value, depth)
    if (value.isMap) {
      const [first] = value.entries()
      const called = first && value.entries().length === 1 ? calledIn(first.key, first.value, depth) : undefined
      return called ?? Object.fromEntries(value.entries().map((one) => [one.key, valueIn(one.value, depth + 1)]))
    }
    const { text } = value
    // The short forms `!Ref` and `!GetAtt` leave no more than the name behind.
    return text === undefined ? null : (meant(text) ?? substituted(text))
  }
  const listIn = (value: YamlValue, depth: number): unknown => {
    const [first, second] = value.items()
    const isJoin = value.items().length === 2 && first?.text !== undefined && second?.isList
    if (isJoin) return joinedIn(value, depth)
    // In a list both ways of a choice count, for either may be what is made.
    return value
      .items()
      .flatMap((item) =>
        isChoice(item) ? waysOf(item).map((way) => valueIn(way, depth + 1)) : [valueIn(item, depth + 1)],
      )
  }
  const chosenIn = (value: YamlValue, depth: number): unknown => {
    const ways = waysOf(value).map((way) => valueIn(way, depth + 1))
    return ways.every(Array.isArray) ? ways.flat() : ways[0]
  }
  const joinedIn = (value: YamlValue, depth: number): string => {
    const [mark, items] = value.items()
    const texts = (items?.items() ?? []).map((item) => valueIn(item, depth + 1))
    return texts.map((text) => (typeof text === 'string' ? text : '${…}')).join(mark?.text ?? '')
  }
  const calledIn = (name: string, value: YamlValue, depth: number): unknown => {
    if (name === 'Ref') return meant(value.text ?? '') ?? `\${${value.text ?? ''}}`
    if (name === 'Fn::Join' && value.isList) return joinedIn(value, depth)
    if (name === 'Fn::Sub') return substituted(value.text ?? value.items()[0]?.text ?? '')
    if (name === 'Fn::GetAtt') {
      const path =
        value.text ??
        value
          .items()
          .map(({ text }) => text ?? '')
          .join('.')
      return meant(path) ?? `\${${path}}`
    }
    return name.startsWith('Fn::') ? `\${${name}}` : undefined
  }
  return resources.entries().map(({ key: id, value, line }) => {
    const own = value.get('Properties')
    return {
      id,
      line,
      type: types.get(id) ?? '',
      properties: Object.fromEntries((own?.entries() ?? []).map((one) => [one.key, valueIn(one.value, 0)])),
      lineOf: (property) => own?.entries().find(({ key }) => key === property)?.line ?? line,
    }
  })
}

// `!If [condition, one, other]`, in either form: what is made hangs on what nobody here knows.
const isChoice = (value: YamlValue): boolean =>
  (value.tag === '!If' && value.isList) ||
  (value.isMap && value.entries().length === 1 && value.get('Fn::If')?.isList === true)

const waysOf = (value: YamlValue): YamlValue[] =>
  (value.get('Fn::If') ?? value)
    .items()
    .slice(1, 3)
    .filter((way) => (way.text ?? way.get('Ref')?.text) !== 'AWS::NoValue')

const DEPTH_MAX = 40
const VALUES_MAX = 300_000
const NAMES = ['RoleName', 'UserName', 'GroupName', 'FunctionName']
const PSEUDO = new Map([
  ['AWS::AccountId', OWN_ACCOUNT],
  ['AWS::Partition', 'aws'],
  ['AWS::URLSuffix', 'amazonaws.com'],
])
