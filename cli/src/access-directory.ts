import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { isNode, isSeq, LineCounter, parseAllDocuments } from 'yaml'
import { CommandError } from './exit-code.ts'
import { closest } from './suggest.ts'

/** Access as code, read from a folder: what `policy.access.apply` takes, and where each object stood. */
export interface AccessDirectory {
  readonly input: Readonly<Record<string, unknown>> & { readonly directory: string }
  /** Where each object of each part was declared, for messages. */
  readonly origins: Readonly<Record<string, readonly string[]>>
  /** What lies in the folder and was not read. */
  readonly left: readonly string[]
}

const MAIN = 'reeve.yaml'
const PARTS = ['teams', 'resources', 'applications', 'bundles', 'identities', 'grants'] as const
const POLICIES = 'policies'
const TESTS = 'tests'
const WORKFLOWS = 'workflows'
const VERSION = 1
// What reeve.yaml says of the whole, beside the name.
const SAID = ['fragmentOf', 'repository', 'reportOnlyDays'] as const

/** Is told of a file, with its line, that cannot be read, and why. */
export type TellUnread = (place: string, why: string) => void

/**
 * Reads a folder of YAML and Cedar files. What cannot be read is told, and the rest is read all the same; else it is
 * thrown as a sentence that names the file and the line.
 */
export const readAccessDirectory = (folder: string, tell: TellUnread = throwUnread(folder)): AccessDirectory => {
  const main = readMain(folder)
  const parts = [...PARTS, TESTS].map((part) => {
    const declared = filesIn(join(folder, part), ['.yaml', '.yml']).flatMap((file) => documentsOf(file, folder, tell))
    return [part, declared] as const
  })
  const policies = filesIn(join(folder, POLICIES), ['.cedar']).map((file) => ({
    name: basename(file, '.cedar'),
    file: relative(folder, file),
    text: readFileSync(file, 'utf8'),
  }))
  return {
    input: {
      ...main.said,
      fragments: main.fragments.map(({ value }) => value),
      ...Object.fromEntries(parts.map(([part, declared]) => [part, declared.map(({ value }) => value)])),
      policies,
    },
    origins: {
      ...Object.fromEntries(parts.map(([part, declared]) => [part, declared.map(({ origin }) => origin)])),
      policies: policies.map(({ file }) => file),
      fragments: main.fragments.map(({ origin }) => origin),
    },
    left: leftIn(folder),
  }
}

/** The YAML files of some parts of a folder, with their paths in it. */
export const filesOfDirectory = (
  folder: string,
  parts: readonly (typeof PARTS)[number][],
): readonly { readonly path: string; readonly file: string }[] => {
  readMain(folder)
  return parts.flatMap((part) =>
    filesIn(join(folder, part), ['.yaml', '.yml']).map((file) => ({ path: relative(folder, file), file })),
  )
}

/** What a folder declares of CI workflows, which is compared with them here and is no part of what a server is told. */
export const readWorkflowParts = (folder: string, tell: TellUnread = throwUnread(folder)): readonly DeclaredPart[] =>
  filesIn(join(folder, WORKFLOWS), ['.yaml', '.yml']).flatMap((file) => documentsOf(file, folder, tell))

interface MainFile {
  readonly said: { readonly directory: string; readonly [field: string]: unknown }
  readonly fragments: readonly DeclaredPart[]
}

/** What reeve.yaml, which must be there, says of the whole: the name, and fragments or of which directory it is one. */
const readMain = (folder: string): MainFile => {
  const main = join(folder, MAIN)
  if (!readdirSync(folder).includes(MAIN))
    throw new CommandError(`${folder} has no ${MAIN}`, {
      next: `name the folder that holds it, or write one with \`version: ${VERSION}\` and a \`name\``,
    })
  const [document, other] = documentsOf(main, folder, throwUnread(folder))
  const { version, name, fragments, ...rest } = recordOf(document?.value)
  if (version !== VERSION || typeof name !== 'string')
    throw new CommandError(`${main} must say \`version: ${VERSION}\` and a \`name\``, { next: 'add them there' })
  // What is not read here would be believed to hold.
  const unknown = Object.keys(rest).filter((field) => !SAID.some((known) => known === field))
  const [first] = unknown
  if (other !== undefined) throwUnread(folder)(other.origin, `${MAIN} says one thing, and this is a second one`)
  if (first !== undefined) {
    const near = closest(first, ['version', 'name', 'fragments', ...SAID])
    const meant = near === undefined ? '' : ` (did you mean ${near}?)`
    throw new CommandError(`${main} says ${first}, which is nothing that it can say${meant}`, {
      next: 'correct it, or take it out',
    })
  }
  const listed = Array.isArray(fragments) ? fragments : fragments === undefined ? [] : [fragments]
  return {
    said: {
      directory: name,
      ...Object.fromEntries(SAID.flatMap((field) => (rest[field] === undefined ? [] : [[field, rest[field]]]))),
    },
    fragments: listed.map((value) => ({ value, origin: `${MAIN}:${lineOfFragment(main, Object(value).name)}` })),
  }
}

const lineOfFragment = (main: string, name: unknown): number =>
  Math.max(
    0,
    readFileSync(main, 'utf8')
      .split('\n')
      .findIndex((line) => /^\s+(?:- )?\{?\s*name:/.test(line) && line.includes(String(name))),
  ) + 1

/** What somebody may believe to be read: folders with other names, and among the parts hidden files and those of another kind. */
const leftIn = (folder: string): string[] => {
  const known: readonly string[] = [...PARTS, POLICIES, TESTS, WORKFLOWS]
  const folders = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !known.includes(entry.name))
    .map(({ name }) => {
      const near = closest(name, known)
      return near === undefined ? `${name}/` : `${name}/ (did you mean ${near}/?)`
    })
  const among = known.flatMap((part) =>
    entriesOf(join(folder, part))
      .filter(
        (name) =>
          name.startsWith('.') ||
          !/\.(ya?ml|cedar|md|txt)$/.test(name) ||
          /\.cedar$/.test(name) !== (part === POLICIES),
      )
      .filter((name) => !/\.(md|txt)$/.test(name) && (!name.startsWith('.') || /\.(ya?ml|cedar)$/.test(name)))
      .map((name) => `${part}/${name}`),
  )
  return [...folders, ...among]
}

const entriesOf = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : [])

const filesIn = (folder: string, endings: readonly string[]): string[] =>
  entriesOf(folder)
    .filter((file) => !file.startsWith('.') && endings.some((ending) => file.endsWith(ending)))
    .map((file) => join(folder, file))

/** One object of a file, and where it stands. */
export interface DeclaredPart {
  readonly value: unknown
  readonly origin: string
}

/** The objects of a file: one or more documents, each an object or a list of them. An empty one is none. */
const documentsOf = (file: string, folder: string, tell: TellUnread): DeclaredPart[] => {
  const text = readFileSync(file, 'utf8')
  const lineCounter = new LineCounter()
  const documents = parseAllDocuments(text, { uniqueKeys: true, lineCounter })
  const found: DeclaredPart[] = []
  for (const document of Array.isArray(documents) ? documents : []) {
    const error = document.errors[0]
    if (error !== undefined) {
      tell(`${relative(folder, file)}:${error.linePos?.[0].line ?? 1}`, error.message)
      return found
    }
    // There `<<` takes in what stands elsewhere, and `no` is a truth: a file means what a reader of YAML 1.2 sees.
    if (document.directives?.yaml.version === '1.1') {
      tell(`${relative(folder, file)}:1`, 'is said to be YAML 1.1, and is read as 1.2 alone')
      return found
    }
    const { contents } = document
    const lineAt = (node: unknown): number => lineCounter.linePos(startOf(node) ?? startOf(contents) ?? 0).line || 1
    const value = objectsIn(document, (why) => tell(`${relative(folder, file)}:${lineAt(contents)}`, why))
    const objects = Array.isArray(value) ? value : value === null ? [] : [value]
    found.push(
      ...objects.map((object, at) => {
        const node = isSeq(contents) ? contents.items[at] : contents
        return { value: object, origin: `${relative(folder, file)}:${lineAt(node)}` }
      }),
    )
  }
  return found
}

const startOf = (node: unknown): number | undefined => (isNode(node) ? (node.range?.[0] ?? undefined) : undefined)

const ALIASES_MAX = 100

// A document that means much more than it says (an alias of aliases) is refused by the parser here.
const objectsIn = (
  document: { toJS(options: { maxAliasCount: number }): unknown },
  tell: (why: string) => void,
): unknown => {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX })
  } catch (error) {
    tell(error instanceof Error ? error.message : 'cannot be read')
    return null
  }
}

/** The first line of what a parser says, without the place, which is told beside it. */
export const unreadReason = (why: string): string =>
  (why.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:$/, '')

const throwUnread =
  (folder: string): TellUnread =>
  (place, why) => {
    throw new CommandError(`${join(folder, place)}: ${unreadReason(why)}`, {
      next: 'correct the file there; nothing was sent',
    })
  }

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {}
