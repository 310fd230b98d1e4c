import type { HclBody, HclValue } from '../../hcl/hcl-body.ts'
import type { JsonObject } from '../../json-value.ts'
import { unknownName } from '../terraform-state/unknown-name.ts'
import { type Budget, EACH, type Evaluator, evaluator, type Key, type Names, stepInto } from './evaluate.ts'
import { type Folder, folderPath, type PlacedBlock } from './folders.ts'
import { type Instance, type Instances, instancesOf } from './instances.ts'
import { isKnownText, openEnded, unknown } from './known.ts'
import { policyDocument } from './policy-document.ts'
import { type Defaults, standIn, type Unmade } from './stand-ins.ts'

/** All modules that one root takes together. */
export interface Run {
  readonly folders: ReadonlyMap<string, Folder>
  readonly budget: Budget
  modulesLeft: number
  /** Told why a module is not followed. */
  refused(block: PlacedBlock, why: string): void
  /** What a thing of the root or of its modules is known by that has no name of its own yet. */
  keyOf(address: string): string
}

/** A module, as one call of it makes it. */
export interface Module {
  readonly folder: Folder
  /** What its addresses begin with: `module.bots["a"].`, or nothing. */
  readonly prefix: string
  /** The resources that it declares, and how many there are of each. */
  declared(): readonly { readonly block: PlacedBlock; readonly instances: Instances }[]
  attributesOf(body: HclBody, names: Names): JsonObject
  unmade(block: PlacedBlock, instance: Instance): Unmade
  /** Resources that nobody declares and somebody refers to: they may lie where the scan was not. */
  elsewhere(): readonly Unmade[]
  children(): readonly Module[]
  output(name: string): unknown
  outputs(): JsonObject
}

/** How a module was called. */
export interface Call {
  readonly prefix: string
  /** The folders on the way to it, itself the last. */
  readonly chain: readonly Folder[]
  readonly defaults: Defaults
  /** What its caller gives to a variable; nothing where it gives none. */
  input(name: string): { readonly value: unknown } | undefined
}

/** How many of one block are read. */
export const INSTANCES_MAX = 1000
/** How many modules one root may be made of. */
export const MODULES_MAX = 1000
const NAMES_DEEP_MAX = 120
const MODULES_DEEP_MAX = 16

/** A module whose names can be asked for; nothing is made before it is. */
export const moduleOf = (run: Run, folder: Folder, call: Call): Module => {
  const { prefix, chain } = call
  const { budget } = run
  const blocks = blocksByName(folder)
  const known = new Map<string, { readonly value: unknown; readonly steps: number }>()
  const open = new Set<string>()
  const counted = new Map<PlacedBlock, Instances>()
  const made = new Map<string, Module>()
  const missing = new Map<string, Unmade>()

  // Each value is made once, and costs whoever uses it as if it were made again: what it takes up is bounded so.
  const named = (name: string, text: string, make: () => unknown): unknown => {
    const before = known.get(name)
    if (before) {
      budget.stepsLeft -= before.steps
      return before.value
    }
    if (open.has(name) || open.size > NAMES_DEEP_MAX) return unknown(text)
    open.add(name)
    const left = budget.stepsLeft
    const value = make()
    open.delete(name)
    known.set(name, { value, steps: left - budget.stepsLeft })
    return value
  }
  const referred = (keys: readonly Key[], text: string): unknown => {
    const [head, second, third] = keys
    if (typeof head !== 'string' || typeof second !== 'string') return unknown(text)
    if (head === 'var') return stepped(variable(second), keys.slice(2), text)
    if (head === 'local') return stepped(local(second), keys.slice(2), text)
    if (head === 'module') return ofModule(second, keys.slice(2), text)
    if (head === 'data')
      return typeof third === 'string' ? ofResource(`data.${second}`, third, keys.slice(3), text) : unknown(text)
    return UNKNOWN_HEADS.has(head) ? unknown(text) : ofResource(head, second, keys.slice(2), text)
  }
  const values: Evaluator = evaluator(budget, referred)
  const { valueIn, attributesOf } = values
  const stepped = (value: unknown, keys: readonly Key[], text: string): unknown =>
    stepInto(value, keys, text, () => {
      budget.hasMissed = true
    })

  const variable = (name: string): unknown => {
    const text = `var.${name}`
    const block = blocks.get(`variable.${name}`)
    const given = call.input(name)
    const isNullable = attribute(block?.body, 'nullable')
    if (given && !(given.value === null && isNullable?.is === 'literal' && isNullable.value === false))
      return given.value
    const preset = attribute(block?.body, 'default')
    return preset ? named(text, text, () => valueIn(preset, NO_NAMES)) : unknown(text)
  }
  const local = (name: string): unknown => {
    const value = blocks.locals.get(name)
    return value ? named(`local.${name}`, `local.${name}`, () => valueIn(value, NO_NAMES)) : unknown(`local.${name}`)
  }
  const ofModule = (name: string, keys: readonly Key[], text: string): unknown => {
    const block = blocks.get(`module.${name}`)
    if (!block) return unknown(text)
    return ofInstances(instances(block), keys, text, budget, (instance, rest) => {
      const child = childOf(block, instance)
      const [output, ...more] = rest
      if (!child) return unknown(text)
      return typeof output === 'string' ? stepped(child.output(output), more, text) : child.outputs()
    })
  }
  const ofResource = (type: string, name: string, keys: readonly Key[], text: string): unknown => {
    const block = blocks.get(type.startsWith('data.') ? `${type}.${name}` : `resource.${type}.${name}`)
    if (!block) return undeclared(type, name, keys, text)
    return ofInstances(instances(block), keys, text, budget, (instance, [key, ...more]) =>
      typeof key === 'string' ? stepped(attributeOf(block, instance, key, text), more, text) : wholeOf(block, instance),
    )
  }
  const attributeOf = (block: PlacedBlock, instance: Instance, name: string, text: string): unknown => {
    const of = unmade(block, instance)
    if (of.type === 'data.aws_iam_policy_document' && (name === 'json' || name === 'minified_json'))
      return named(`${of.address}.json`, text, () =>
        JSON.stringify(policyDocument(attributesOf(block.body, instance.names))),
      )
    const set = attribute(block.body, name)
    const value = set && named(`${of.address}.${name}`, text, () => valueIn(set, instance.names))
    // What is null was left to the provider, as what is not written.
    if (value === undefined || value === null) return standIn(of, name) ?? (value === null ? null : unknown(text))
    // Two that are called alike as far as anybody knows are two.
    return typeof value === 'string' && !isKnownText(value) && standIn(of, name) === unknownName(of.address)
      ? unknownName(of.address)
      : value
  }
  const wholeOf = (block: PlacedBlock, instance: Instance): unknown => {
    const of = unmade(block, instance)
    return named(of.address, of.address, () => {
      const ids = ['id', 'arn', 'name', 'email'].flatMap((name) => {
        const value = standIn(of, name)
        return value === undefined ? [] : [[name, value] as const]
      })
      return openEnded({ ...Object.fromEntries(ids), ...attributesOf(block.body, instance.names) })
    })
  }
  const undeclared = (type: string, name: string, keys: readonly Key[], text: string): unknown => {
    const index = keys[0] === EACH || typeof keys[0] === 'number' ? keys[0] : undefined
    const key = keys[index === undefined ? 0 : 1]
    const address = `${prefix}${type}.${name}${typeof index === 'number' ? `[${index}]` : ''}`
    if (typeof key !== 'string') return unknown(text)
    const of: Unmade = { type, address, key: run.keyOf(address), defaults: call.defaults, textAt: () => '' }
    const value = standIn(of, key)
    if (value === undefined) return unknown(text)
    missing.set(address, of)
    return index === EACH ? openEnded([value]) : value
  }
  const unmade = ({ type, labels, body }: PlacedBlock, { at, names }: Instance): Unmade => {
    const kind = type === 'data' ? `data.${labels[0]}` : (labels[0] ?? '')
    const address = `${prefix}${kind}.${labels[1]}${at}`
    return {
      type: kind,
      address,
      key: run.keyOf(address),
      // Which of a provider's settings it takes is another question where it names one.
      defaults: attribute(body, 'provider') ? NO_DEFAULTS : call.defaults,
      textAt(name) {
        const set = attribute(body, name)
        const value = set && named(`${address}.${name}`, `${address}.${name}`, () => valueIn(set, names))
        return typeof value === 'string' ? value : ''
      },
    }
  }
  const instances = (block: PlacedBlock): Instances => {
    const before = counted.get(block)
    if (before) return before
    // Whoever asks for itself to know how many it is gets no answer.
    counted.set(block, { all: [], by: 'count', unknown: 'it refers to itself', leftOut: 0 })
    const found = instancesOf(
      block.body,
      (name) => {
        const value = attribute(block.body, name)
        return value && valueIn(value, NO_NAMES)
      },
      INSTANCES_MAX,
    )
    counted.set(block, found)
    return found
  }
  const childOf = (block: PlacedBlock, instance: Instance): Module | undefined => {
    const name = `${prefix}module.${block.labels[0]}${instance.at}`
    const before = made.get(name)
    if (before) return before
    const child = calledFolder(run, folder, block)
    if (!child) return undefined
    // A ring of modules, and a number of them that no file of people's has, end here.
    const why = chain.includes(child)
      ? 'calls itself, by way of others perhaps: no run would do it'
      : chain.length > MODULES_DEEP_MAX
        ? `lies in more than ${MODULES_DEEP_MAX} others: not followed`
        : run.modulesLeft < 1
          ? `is one of more than ${MODULES_MAX} modules of one root: not followed`
          : undefined
    if (why !== undefined) {
      run.refused(block, `the module ${block.labels[0]} ${why}`)
      return undefined
    }
    run.modulesLeft -= 1
    const module = moduleOf(run, child, {
      prefix: `${name}.`,
      chain: [...chain, child],
      defaults: attribute(block.body, 'providers') ? NO_DEFAULTS : call.defaults,
      input(input) {
        const value = attribute(block.body, input)
        const path = `module.${block.labels[0]}${instance.at}.${input}`
        return value && { value: named(path, path, () => valueIn(value, instance.names)) }
      },
    })
    made.set(name, module)
    return module
  }
  const output = (name: string): unknown => {
    const value = attribute(blocks.get(`output.${name}`)?.body, 'value')
    const text = `${prefix}${name}`
    return value ? named(`output.${name}`, text, () => valueIn(value, NO_NAMES)) : unknown(text)
  }
  const declared = (type: string) => folder.blocks.filter((block) => block.type === type)
  return {
    folder,
    prefix,
    declared: () => declared('resource').map((block) => ({ block, instances: instances(block) })),
    attributesOf,
    unmade,
    elsewhere: () => [...missing.values()],
    children: () =>
      declared('module').flatMap((block) => instances(block).all.flatMap((one) => childOf(block, one) ?? [])),
    output,
    outputs: () => Object.fromEntries(declared('output').map(({ labels: [name = ''] }) => [name, output(name)])),
  }
}

/** The folder of a module that lies beside its caller; nothing for one that would have to be fetched. */
export const calledFolder = (
  { folders }: Pick<Run, 'folders'>,
  from: Folder,
  block: PlacedBlock,
): Folder | undefined => {
  const source = localSource(block)
  return source === undefined ? undefined : folders.get(folderPath(from.path, source))
}

/** The path by which a module is called, if it is one. */
export const localSource = ({ body }: PlacedBlock): string | undefined => {
  const source = attribute(body, 'source')
  return source?.is === 'literal' && typeof source.value === 'string' && /^\.\.?(?:\/|$)/.test(source.value)
    ? source.value
    : undefined
}

/** How a block is written an attribute. */
export const attribute = (body: HclBody | undefined, name: string): HclValue | undefined =>
  body?.attributes.find(({ key }) => key === name)?.value

export const NO_NAMES: Names = new Map()
export const NO_DEFAULTS: Defaults = { account: undefined, project: undefined }
const UNKNOWN_HEADS = new Set(['each', 'count', 'self', 'path', 'terraform', 'ephemeral'])

// Which of the things of a block is meant, or each of them.
const ofInstances = (
  { all, by, unknown: isUnknown }: Instances,
  keys: readonly Key[],
  text: string,
  budget: Budget,
  valueFor: (instance: Instance, keys: readonly Key[]) => unknown,
): unknown => {
  const [key, ...rest] = keys
  const [first] = all
  if (by === undefined) {
    if (!first) return unknown(text)
    return key === EACH ? [valueFor(first, rest)] : valueFor(first, keys)
  }
  if (isUnknown !== undefined) {
    // One stands for however many there will be.
    if (!first || key === undefined) return unknown(text)
    return key === EACH ? openEnded([valueFor(first, rest)]) : valueFor(first, rest)
  }
  if (key === EACH) return all.map((one) => valueFor(one, rest))
  if (key === undefined)
    return by === 'count'
      ? all.map((one) => valueFor(one, []))
      : Object.fromEntries(all.map((one) => [String(one.key), valueFor(one, [])]))
  const meant = all.find((one) => String(one.key) === String(key))
  if (meant) return valueFor(meant, rest)
  budget.hasMissed = true
  return unknown(text)
}

const blocksByName = ({ blocks }: Folder) => {
  const byName = new Map<string, PlacedBlock>()
  const locals = new Map<string, HclValue>()
  for (const block of blocks) {
    if (block.type === 'locals') for (const { key, value } of block.body.attributes) locals.set(key, value)
    else byName.set([...(block.type === 'data' ? ['data'] : [block.type]), ...block.labels].join('.'), block)
  }
  return { get: (name: string) => byName.get(name), locals }
}
