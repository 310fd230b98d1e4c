import type { ScannedFile } from '../../file.ts'
import { type JsonObject, textsOf } from '../../json-value.ts'
import type { Problem } from '../../report.ts'
import type { StateResource } from '../terraform-state/read-state.ts'
import type { Folder, PlacedBlock } from './folders.ts'
import {
  attribute,
  INSTANCES_MAX,
  MODULES_MAX,
  type Module,
  moduleOf,
  NO_DEFAULTS,
  NO_NAMES,
  type Run,
} from './module.ts'
import { type Defaults, moduleKey, ownNames } from './stand-ins.ts'
import { variableInputs, variablePresets } from './variables.ts'

/** A resource as code declares it, with what will stand for what only a run would tell. */
export interface CodeResource extends StateResource {
  readonly file: ScannedFile
  readonly line: number
  /** What it is known by that has no name of its own yet. */
  readonly key: string
  /** Why nobody can say how many of it there will be. */
  readonly unknown?: string
}

export interface ReadCode {
  readonly resources: readonly CodeResource[]
  readonly problems: readonly Problem[]
}

/** How much may be made of the code of all roots together; what each takes is gone. */
export interface Left {
  steps: number
  resources: number
}

/** How much may be worked out of the code of one root, and how many resources it may have. */
const STEPS_MAX = 1_000_000
const RESOURCES_MAX = 5000

/** The resources of a module that nothing here calls, and of all that it calls, as one run would make them. */
export const readCode = (
  root: Folder,
  { folders, left }: { folders: ReadonlyMap<string, Folder>; left: Left },
): ReadCode => {
  const stepsMax = Math.min(STEPS_MAX, left.steps)
  const resourcesMax = Math.min(RESOURCES_MAX, left.resources)
  const resources: CodeResource[] = []
  const problems = new Map<string, Problem>()
  const tell = (
    at: Pick<PlacedBlock, 'file' | 'line'> | undefined,
    reason: Problem['reason'],
    detail: string,
  ): void => {
    const place = at ? { path: at.file.path, line: at.line } : { path: root.blocks[0]?.file.path ?? root.path }
    if (problems.size < PROBLEMS_MAX) problems.set(`${place.path} ${detail}`, { ...place, reason, detail })
  }
  const run: Run = {
    folders,
    budget: { stepsLeft: stepsMax, depth: 0, hasMissed: false },
    modulesLeft: MODULES_MAX,
    refused: (block, why) => tell(block, 'incomplete', why),
    keyOf: (address) => moduleKey(root.repository, root.repositoryPath, address),
  }
  const inputs = variableInputs(root)
  const top = moduleOf(run, root, { prefix: '', chain: [root], defaults: NO_DEFAULTS, input: () => undefined })
  const defaults = defaultsOf(root, top)
  const main = moduleOf(run, root, { prefix: '', chain: [root], defaults, input: inputs })

  const visited = new Set<Folder>()
  const elsewhere = new Map<string, CodeResource>()
  const add = (module: Module): void => {
    for (const { block, instances } of module.declared()) {
      if (instances.leftOut > 0)
        tell(block, 'too-many', `${block.labels.join('.')}: more than ${INSTANCES_MAX}, ${instances.leftOut} left out`)
      for (const instance of instances.all) {
        if (resources.length >= resourcesMax || run.budget.stepsLeft < 0) return
        const of = module.unmade(block, instance)
        const attributes = module.attributesOf(block.body, instance.names)
        resources.push({
          ...made(of.type, of.address, { ...ownNames(of), ...attributes }),
          ...{ key: of.key, file: block.file, line: block.line },
          ...(instances.unknown === undefined ? {} : { unknown: instances.unknown }),
        })
      }
    }
  }
  const addElsewhere = (module: Module): void => {
    const [first] = root.blocks
    for (const of of module.elsewhere())
      if (first && /^aws_iam_(?:user|role)$/.test(of.type))
        elsewhere.set(of.address, {
          ...made(of.type, of.address, ownNames(of)),
          ...{ key: of.key, file: first.file, line: 1 },
        })
  }
  const visit = (module: Module): void => {
    if (!visited.has(module.folder)) resources.push(...variablePresets(module.folder))
    visited.add(module.folder)
    add(module)
    for (const child of module.children()) visit(child)
    addElsewhere(module)
  }
  visit(main)
  resources.push(...elsewhere.values())
  if (resources.length >= resourcesMax)
    tell(undefined, 'too-many', `more resources than are read: those after ${resourcesMax} are left out`)
  if (run.budget.stepsLeft < 0)
    tell(undefined, 'too-many', 'so much refers to so much here that not all of it was followed')
  left.steps -= stepsMax - Math.max(0, run.budget.stepsLeft)
  left.resources -= resources.length
  return { resources, problems: [...problems.values()] }
}

const PROBLEMS_MAX = 50

const made = (type: string, address: string, attributes: JsonObject): StateResource => ({
  address,
  type,
  name: address.slice(address.lastIndexOf('.') + 1),
  isManaged: true,
  attributes,
  sensitive: new Set(),
})

// What the settings of a provider say of all that it makes; one with an alias is for those that name it.
const defaultsOf = (root: Folder, module: Module): Defaults => {
  const settings = (name: string): JsonObject => {
    const block = root.blocks.find(({ type, labels, body }) => {
      return type === 'provider' && labels[0] === name && !attribute(body, 'alias')
    })
    return block ? module.attributesOf(block.body, NO_NAMES) : {}
  }
  const [account, ...more] = textsOf(settings('aws').allowed_account_ids)
  const [project] = textsOf(settings('google').project)
  return {
    account: more.length === 0 && /^\d{12}$/.test(account ?? '') ? account : undefined,
    project: /^[a-z][a-z0-9-]{4,30}$/.test(project ?? '') ? project : undefined,
  }
}
