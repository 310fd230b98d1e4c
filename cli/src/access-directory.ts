import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { CommandError } from './exit-code.ts'

/** Access as code, read from a folder: what `policy.access.apply` takes. */
export interface AccessDirectory {
  readonly directory: string
  readonly teams: readonly unknown[]
  readonly resources: readonly unknown[]
  readonly bundles: readonly unknown[]
  readonly identities: readonly unknown[]
  readonly grants: readonly unknown[]
  readonly policies: readonly { readonly name: string; readonly file: string; readonly text: string }[]
  /** Where each object of each part was declared, for messages. */
  readonly origins: Readonly<Record<string, readonly string[]>>
}

const PARTS = ['teams', 'resources', 'bundles', 'identities', 'grants'] as const
const VERSION = 1

/** Reads a folder of YAML and Cedar files. Throws a sentence that names the file and the line of what cannot be read. */
export const readAccessDirectory = (folder: string): AccessDirectory => {
  const main = join(folder, 'reeve.yaml')
  if (!existsSync(main))
    throw new CommandError(`${folder} has no reeve.yaml`, {
      next: 'name the folder that holds it, as examples/access does',
    })
  const [about] = documentsOf(main, folder)
  const settings = recordOf(about?.value)
  if (settings.version !== VERSION || typeof settings.name !== 'string')
    throw new CommandError(`${main} must say \`version: ${VERSION}\` and a name`)
  const parts = Object.fromEntries(
    PARTS.map((part) => [part, yamlFiles(join(folder, part)).flatMap((file) => documentsOf(file, folder))]),
  )
  const values = (part: (typeof PARTS)[number]) => (parts[part] ?? []).map(({ value }) => value)
  return {
    directory: settings.name,
    teams: values('teams'),
    resources: values('resources'),
    bundles: values('bundles'),
    identities: values('identities'),
    grants: values('grants'),
    policies: filesIn(join(folder, 'policies'), ['.cedar']).map((file) => ({
      name: basename(file, '.cedar'),
      file: relative(folder, file),
      text: readFileSync(file, 'utf8'),
    })),
    origins: Object.fromEntries(PARTS.map((part) => [part, (parts[part] ?? []).map(({ origin }) => origin)])),
  }
}

const yamlFiles = (folder: string): string[] => filesIn(folder, ['.yaml', '.yml'])

const filesIn = (folder: string, endings: readonly string[]): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => endings.some((ending) => file.endsWith(ending)))
        .sort()
        .map((file) => join(folder, file))
    : []

interface Declared {
  readonly value: unknown
  readonly origin: string
}

/** The objects of a file: one or more documents, each an object or a list of them. */
const documentsOf = (file: string, folder: string): Declared[] => {
  const text = readFileSync(file, 'utf8')
  const documents = parseAllDocuments(text, { uniqueKeys: true })
  const found: Declared[] = []
  for (const document of Array.isArray(documents) ? documents : []) {
    const error = document.errors[0]
    if (error !== undefined) {
      const line = error.linePos?.[0].line ?? 1
      throw new CommandError(`${file}:${line}: ${error.message.split('\n')[0] ?? 'not valid YAML'}`)
    }
    const line = text.slice(0, document.contents?.range?.[0] ?? 0).split('\n').length
    const value: unknown = document.toJS({ maxAliasCount: 100 })
    const objects = Array.isArray(value) ? value : [value]
    found.push(...objects.map((object) => ({ value: object, origin: `${relative(folder, file)}:${line}` })))
  }
  return found
}

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {}
