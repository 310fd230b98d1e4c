import { posix } from 'node:path'
import type { ScannedFile } from '../../file.ts'
import type { HclBlock, HclBody, HclEntry } from '../../hcl/hcl-body.ts'
import { readHcl } from '../../hcl/read-hcl.ts'
import { readJson } from '../../json-file.ts'
import type { Problem } from '../../report.ts'
import { blocksOfJson, bodyOfJson } from './json-code.ts'

/** A block, and the file that it stands in. */
export interface PlacedBlock extends HclBlock {
  readonly file: ScannedFile
}

/** A value of a variable, from a file of such values. */
export interface PlacedEntry extends HclEntry {
  readonly file: ScannedFile
}

/** All code of one folder, which is one module. */
export interface Folder {
  readonly path: string
  readonly repository: string
  readonly repositoryPath: string
  readonly blocks: PlacedBlock[]
  /** Values that every run takes, in their order: those of a later file count. */
  readonly values: PlacedEntry[]
  /** Values that a run takes if it is told to (`-var-file`). */
  readonly optionalValues: PlacedEntry[]
}

/** Whether it is code, or values of its variables. */
export const isCodeFile = (file: ScannedFile): boolean => isCode(file) || isValues(file)

/** Puts files together by the folder that they lie in. Linear. */
export const foldersOf = (files: readonly ScannedFile[]): { folders: Map<string, Folder>; problems: Problem[] } => {
  const folders = new Map<string, Folder>()
  const problems: Problem[] = []
  const values: { readonly file: ScannedFile; readonly entries: readonly PlacedEntry[] }[] = []
  for (const file of [...files].sort(inOrderOfReading)) {
    const { body, problems: own } = bodyOf(file)
    problems.push(...own)
    if (isValues(file)) values.push({ file, entries: body.attributes.map((entry) => ({ ...entry, file })) })
    else addBlocks(folderOf(folders, file), file, body.blocks)
  }
  for (const { file, entries } of values) {
    if (isTakenByItself(file)) folderOf(folders, file).values.push(...entries)
    else nearest(folders, pathOf(file))?.optionalValues.push(...entries)
  }
  return { folders, problems }
}

/** Where the folder lies that another names, as people would type it; it may not be there. */
export const folderPath = (from: string, source: string): string => {
  const path = posix.normalize(`${from}/${source}`).replace(/\/$/, '')
  // The way out of an archive leads nowhere.
  return archiveOf(path) === archiveOf(from) ? path : ''
}

const archiveOf = (path: string): string => path.slice(0, path.lastIndexOf('!/') + 1)
const pathOf = ({ path }: ScannedFile): string => posix.dirname(posix.normalize(path))

const isJson = ({ baseName }: ScannedFile): boolean => /\.(?:tf|tofu|tfvars)\.json$/.test(baseName)
const isCode = (file: ScannedFile): boolean =>
  file.extension === 'tf' || file.extension === 'tofu' || (isJson(file) && !isValues(file))
const isValues = ({ baseName }: ScannedFile): boolean => /\.tfvars(?:\.json)?$/.test(baseName)
const isTakenByItself = ({ baseName }: ScannedFile): boolean =>
  /^terraform\.tfvars(?:\.json)?$|\.auto\.tfvars(?:\.json)?$/.test(baseName)

// Overrides come last; of values, `terraform.tfvars` first.
const inOrderOfReading = (a: ScannedFile, b: ScannedFile): number => {
  const rank = (file: ScannedFile): string =>
    `${isOverride(file) ? 1 : 0}${/^terraform\.tfvars/.test(file.baseName) ? 0 : 1}${file.path}`
  return rank(a) < rank(b) ? -1 : 1
}
const isOverride = ({ baseName }: ScannedFile): boolean => /(?:^|_)override\.(?:tf|tofu)(?:\.json)?$/.test(baseName)

const bodyOf = (file: ScannedFile): { body: HclBody; problems: readonly Problem[] } => {
  if (!isJson(file)) return readHcl(file)
  const { root, problems } = readJson(file)
  if (!root) return { body: { attributes: [], blocks: [] }, problems }
  return { body: isValues(file) ? bodyOfJson(root) : { attributes: [], blocks: blocksOfJson(root) }, problems }
}

const folderOf = (folders: Map<string, Folder>, file: ScannedFile): Folder => {
  const path = pathOf(file)
  const known = folders.get(path)
  if (known) return known
  const at = file.repositoryPath.lastIndexOf('/')
  const repositoryPath = at === -1 ? '' : file.repositoryPath.slice(0, at)
  const made = { path, repository: file.repository, repositoryPath, blocks: [], values: [], optionalValues: [] }
  folders.set(path, made)
  return made
}

const nearest = (folders: ReadonlyMap<string, Folder>, from: string): Folder | undefined => {
  for (let path = from; ; path = posix.dirname(path)) {
    const found = folders.get(path)
    if (found && found.blocks.length > 0) return found
    if (path === posix.dirname(path)) return undefined
  }
}

// What an override says of a block takes the place of what that says.
const addBlocks = (folder: Folder, file: ScannedFile, blocks: readonly HclBlock[]): void => {
  const placed = blocks.map((block): PlacedBlock => ({ ...block, file }))
  if (!isOverride(file)) {
    for (const block of placed) folder.blocks.push(block)
    return
  }
  const named = new Map(folder.blocks.map((block, at) => [nameOf(block), at]))
  for (const block of placed) {
    const at = block.labels.length > 0 ? named.get(nameOf(block)) : undefined
    const first = at === undefined ? undefined : folder.blocks[at]
    if (at === undefined || !first) folder.blocks.push(block)
    else folder.blocks[at] = { ...first, body: overridden(first.body, block.body) }
  }
}

const nameOf = ({ type, labels }: HclBlock): string => [type, ...labels].join('.')

const overridden = (first: HclBody, by: HclBody): HclBody => {
  const attributes = new Set(by.attributes.map(({ key }) => key))
  const blocks = new Set(by.blocks.map(({ type }) => type))
  return {
    attributes: [...first.attributes.filter(({ key }) => !attributes.has(key)), ...by.attributes],
    blocks: [...first.blocks.filter(({ type }) => !blocks.has(type)), ...by.blocks],
  }
}
