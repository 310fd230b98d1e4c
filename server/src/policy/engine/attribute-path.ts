import type { CedarValue, Entity, PolicyEst, Request } from '@reeve/cedar'

/** An attribute or tag that a policy looks at, starting from a variable. */
export interface AttributePath {
  root: 'principal' | 'action' | 'resource' | 'context'
  steps: { kind: 'attribute' | 'tag'; name: string }[]
  /** Asked for with `has` in an `unless`: not finding it is what the policy hopes for. */
  isHopedAbsent: boolean
}

/** Every attribute and tag that a policy's conditions look at by a fixed name. */
export const attributePaths = (est: PolicyEst): AttributePath[] => {
  const found = new Map<string, AttributePath>()
  for (const clause of est.conditions) collect(clause.body, clause.kind === 'unless', found)
  return [...found.values()]
}

/** Writes a path as `context.sourceIp` or `principal.tags.team`. */
const pathText = (path: Pick<AttributePath, 'root' | 'steps'>): string =>
  [path.root, ...path.steps.map((step) => (step.kind === 'tag' ? `tags.${step.name}` : step.name))].join('.')

/** For each path that the request does not have in full: the part up to the first step that is not there. */
export const missingParts = (paths: readonly AttributePath[], request: Request): string[] => {
  const missing = new Set<string>()
  for (const path of paths) {
    const part = path.isHopedAbsent ? undefined : missingPart(path, request)
    if (part !== undefined) missing.add(part)
  }
  return [...missing].sort()
}

const missingPart = (path: AttributePath, request: Request): string | undefined => {
  const { root } = path
  let at: CedarValue | undefined = root === 'context' ? request.context : { __entity: request[root] }
  for (const [index, step] of path.steps.entries()) {
    at = stepInto(at, step, request)
    if (at === undefined) return pathText({ root, steps: path.steps.slice(0, index + 1) })
  }
  return undefined
}

const stepInto = (at: CedarValue, step: AttributePath['steps'][number], request: Request): CedarValue | undefined => {
  if (typeof at !== 'object' || Array.isArray(at)) return undefined
  const entity = referred(at, request)
  const fields = entity ? (step.kind === 'tag' ? entity.tags : entity.attrs) : at
  return fields && Object.hasOwn(fields, step.name) ? Reflect.get(fields, step.name) : undefined
}

const referred = (at: object, request: Request): Entity | undefined => {
  const reference: unknown = Reflect.get(at, '__entity')
  if (!isObject(reference) || typeof reference.type !== 'string' || typeof reference.id !== 'string') return
  const { type, id } = reference
  return request.entities.find(({ uid }) => uid.id === id && uid.type === type)
}

type Steps = AttributePath['steps']
const ROOTS = ['principal', 'action', 'resource', 'context'] as const

const collect = (expression: unknown, isUnless: boolean, found: Map<string, AttributePath>): void => {
  if (Array.isArray(expression)) for (const part of expression) collect(part, isUnless, found)
  if (!isObject(expression) || 'Value' in expression) return
  const path = pathOf(expression)
  const isHopedAbsent = isUnless && ('has' in expression || 'hasTag' in expression)
  if (path && path.steps.length > 0) found.set(`${isHopedAbsent} ${pathText(path)}`, { ...path, isHopedAbsent })
  for (const part of Object.values(expression)) collect(part, isUnless, found)
}

const pathOf = (expression: unknown): Pick<AttributePath, 'root' | 'steps'> | undefined => {
  if (!isObject(expression)) return undefined
  const root = ROOTS.find((name) => name === expression.Var)
  if (root) return { root, steps: [] }
  for (const [operator, stepsOf] of Object.entries(STEPS)) {
    const operand = expression[operator]
    if (!isObject(operand)) continue
    const left = pathOf(operand.left)
    const steps = stepsOf(operand)
    return left && steps ? { root: left.root, steps: [...left.steps, ...steps] } : undefined
  }
  return undefined
}

const attributes = (operand: Record<string, unknown>): Steps | undefined => {
  const names: unknown[] = Array.isArray(operand.attr) ? operand.attr : [operand.attr]
  const steps: Steps = []
  for (const name of names) {
    if (typeof name !== 'string') return undefined
    steps.push({ kind: 'attribute', name })
  }
  return steps
}

const tag = (operand: Record<string, unknown>): Steps | undefined => {
  const name = isObject(operand.right) ? operand.right.Value : undefined
  return typeof name === 'string' ? [{ kind: 'tag', name }] : undefined
}

const STEPS = { '.': attributes, has: attributes, getTag: tag, hasTag: tag }

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
