import { isObject, type JsonObject, objectOf, objectsOf, textOf } from '../../json-value.ts'

/** One resource of a state or a plan, whatever version wrote it. */
export interface StateResource {
  readonly address: string
  readonly type: string
  readonly name: string
  readonly isManaged: boolean
  readonly attributes: JsonObject
  /** Attributes that Terraform itself holds for secret. */
  readonly sensitive: ReadonlySet<string>
}

/** An output that everybody who may read the state can read. */
export interface StateOutput {
  readonly name: string
  readonly value: string
  readonly isSensitive: boolean
}

export interface TerraformState {
  readonly resources: readonly StateResource[]
  readonly outputs: readonly StateOutput[]
  readonly leftOut: number
}

/** Reads a state (versions 1 to 4), or a state or plan as `terraform show -json` prints it; nothing when it is none. */
export const readState = (root: JsonObject): TerraformState | undefined => {
  const all = resourcesOf(root)
  return (
    all && {
      resources: all.slice(0, RESOURCES_MAX),
      outputs: outputsOf(root),
      leftOut: Math.max(0, all.length - RESOURCES_MAX),
    }
  )
}

/** State that OpenTofu encrypted: there is nothing in it for anybody without the key. */
export const isEncryptedState = (root: JsonObject): boolean => textOf(root, 'encrypted_data') !== ''

const RESOURCES_MAX = 50_000
const MODULES_DEPTH_MAX = 32

const resourcesOf = (root: JsonObject): StateResource[] | undefined => {
  if (textOf(root, 'format_version') !== '') {
    const values = [objectOf(root.planned_values), objectOf(root.values)].find(({ root_module }) =>
      isObject(root_module),
    )
    const before = objectOf(objectOf(objectOf(root.prior_state).values).root_module)
    const found = shown(objectOf(values?.root_module), 0)
    // What the plan leaves alone is in both; what it reads first is in the state before it only.
    const known = new Set(found.map(({ address }) => address))
    return [...found, ...shown(before, 0).filter(({ address }) => !known.has(address))]
  }
  if (Array.isArray(root.resources) || root.version === 4) return objectsOf(root.resources).flatMap(ofVersion4)
  if (Array.isArray(root.modules) && typeof root.version === 'number')
    return objectsOf(root.modules).flatMap(ofVersion3)
  return typeof root.version === 'number' && textOf(root, 'terraform_version') !== '' ? [] : undefined
}

const ofVersion4 = (resource: JsonObject): StateResource[] => {
  const type = textOf(resource, 'type')
  const name = textOf(resource, 'name')
  const isManaged = textOf(resource, 'mode') !== 'data'
  const path = [textOf(resource, 'module'), isManaged ? '' : 'data', type, name].filter((part) => part !== '').join('.')
  return objectsOf(resource.instances).map((instance) => {
    const index = instance.index_key
    const at = typeof index === 'number' ? `[${index}]` : typeof index === 'string' ? `["${index}"]` : ''
    return {
      address: `${path}${at}`,
      type,
      name,
      isManaged,
      attributes: objectOf(instance.attributes ?? instance.attributes_flat),
      sensitive: sensitivePaths(instance.sensitive_attributes),
    }
  })
}

// Each path is a list of steps; the first is the attribute.
const sensitivePaths = (paths: unknown): ReadonlySet<string> =>
  new Set(
    (Array.isArray(paths) ? paths : []).flatMap((path) => {
      const [first] = objectsOf(path)
      return first ? [textOf(first, 'value')] : []
    }),
  )

const ofVersion3 = (module: JsonObject): StateResource[] => {
  const path = Array.isArray(module.path) ? module.path.filter((part) => typeof part === 'string').slice(1) : []
  return Object.entries(objectOf(module.resources)).flatMap(([key, value]) => {
    const resource = objectOf(value)
    const isManaged = !key.startsWith('data.')
    return [
      {
        address: [...path.map((part) => `module.${part}`), key].join('.'),
        type: textOf(resource, 'type'),
        name: key.split('.')[isManaged ? 1 : 2] ?? '',
        isManaged,
        attributes: objectOf(objectOf(resource.primary).attributes),
        sensitive: new Set<string>(),
      },
    ]
  })
}

const shown = (module: JsonObject, depth: number): StateResource[] =>
  depth > MODULES_DEPTH_MAX
    ? []
    : [
        ...objectsOf(module.resources).map((resource) => ({
          address: textOf(resource, 'address'),
          type: textOf(resource, 'type'),
          name: textOf(resource, 'name'),
          isManaged: textOf(resource, 'mode') !== 'data',
          attributes: objectOf(resource.values),
          sensitive: new Set(
            Object.entries(objectOf(resource.sensitive_values)).flatMap(([name, is]) => (is === true ? [name] : [])),
          ),
        })),
        ...objectsOf(module.child_modules).flatMap((child) => shown(child, depth + 1)),
      ]

const outputsOf = (root: JsonObject): StateOutput[] => {
  const [module] = objectsOf(root.modules)
  const outputs = [root.outputs, module?.outputs, objectOf(root.planned_values).outputs, objectOf(root.values).outputs]
  return Object.entries(objectOf(outputs.find(isObject))).flatMap(([name, output]) => {
    const value = textOf(objectOf(output), 'value')
    return value === '' ? [] : [{ name, value, isSensitive: objectOf(output).sensitive === true }]
  })
}
