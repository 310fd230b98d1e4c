import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments, visit } from 'yaml'
import type { ScannedFile } from './file.ts'
import type { Problem } from './report.ts'
import { yamlPieces } from './yaml-pieces.ts'

/** A YAML value with its line, read one step at a time: aliases are followed, never copied out. */
export interface YamlValue {
  readonly line: number
  /** Where the text of a scalar starts: a block scalar's is on the line after its mark. */
  readonly textLine: number
  readonly text: string | undefined
  /** What stands before the value, as `!reference` does; empty where nothing does. */
  readonly tag: string
  readonly isMap: boolean
  readonly isList: boolean
  get(key: string): YamlValue | undefined
  entries(): readonly { readonly key: string; readonly line: number; readonly value: YamlValue }[]
  items(): readonly YamlValue[]
}

/** The documents of a YAML file, and what is wrong with it; it never throws. */
export interface YamlFile {
  readonly documents: readonly YamlValue[]
  /** Asked for last: what goes wrong while the values are walked is in it as well. */
  problems(): readonly Problem[]
}

/** A parsed file takes a thousand times its size in memory at the worst; no workflow or stack comes near this. */
export const YAML_BYTES_MAX = 512 * 1024

/** Reads YAML; a broken file gives the documents that could be read and a problem that says where it broke. */
export const readYaml = (file: ScannedFile): YamlFile => {
  const known = files.get(file)
  if (known) return known
  const read = parse(file.path, file.bytes, file.text(), 1)
  files.set(file, read)
  return read
}

/**
 * The documents of a file of any size, one of a large file in memory at a time: those whose text is wanted, or all of a
 * small one. Only a document that is too large itself is left out, and named.
 */
export function* eachDocument(file: ScannedFile, isWanted: (text: string) => boolean): Generator<YamlValue> {
  if (file.bytes.length <= YAML_BYTES_MAX) {
    yield* readYaml(file).documents
    return
  }
  const problems: Problem[] = []
  files.set(file, { documents: [], problems: () => problems })
  let left = PIECES_MAX
  for (const { text, firstLine } of yamlPieces(file.text(), YAML_BYTES_MAX)) {
    if (!isWanted(text)) continue
    if (left === 0) {
      problems.push({
        path: file.path,
        reason: 'too-many',
        detail: `more than ${PIECES_MAX} documents`,
        line: firstLine,
      })
      return
    }
    left -= 1
    const read = parse(file.path, Buffer.from(text), text, firstLine)
    yield* read.documents
    problems.push(...read.problems())
    if (problems.length > PROBLEMS_MAX) return
  }
}

const PROBLEMS_MAX = 100
const PIECES_MAX = 50_000

/** What is wrong with a file as YAML, if a source read it as such. */
export const yamlProblems = (file: ScannedFile): readonly Problem[] => files.get(file)?.problems() ?? []

/** Whether a file calls itself YAML. */
export const isYaml = (file: ScannedFile): boolean => file.extension === 'yml' || file.extension === 'yaml'

// Several sources look at one file: it is parsed once.
const files = new WeakMap<ScannedFile, YamlFile>()

const parse = (path: string, bytes: Uint8Array, text: string, firstLine: number): YamlFile => {
  const failed = (reason: Problem['reason'], detail: string): YamlFile => ({
    documents: [],
    problems: () => [{ path, reason, detail, ...(firstLine === 1 ? {} : { line: firstLine }) }],
  })
  if (bytes.length > YAML_BYTES_MAX) {
    return failed('too-large', `more than ${YAML_BYTES_MAX} bytes: searched for secrets, but not read as YAML`)
  }
  if (isNestedTooDeeply(bytes)) return failed('bad-yaml', 'nested too deeply')
  const lines = new LineCounter()
  try {
    // Pretty errors quote the file, which may hold secrets: the code and the line are enough.
    const options = {
      prettyErrors: false,
      lineCounter: lines,
      uniqueKeys: false,
      strict: false,
      logLevel: 'silent',
    } as const
    const parsed = parseAllDocuments(text, options)
    const documents = 'empty' in parsed ? [] : parsed
    const budget = { valuesLeft: VALUES_MAX }
    const read = documents.map((document) => ({ document, ...aliasesOf(document) }))
    const bad = (what: string, at: number): Problem => ({
      path,
      reason: 'bad-yaml',
      detail: `broken YAML: ${what}`,
      line: lines.linePos(at).line + firstLine - 1,
    })
    const broken = read.flatMap(({ document, danglingAt }) => [
      ...document.errors.slice(0, 1).map(({ code, pos }) => bad(code.toLowerCase().replaceAll('_', ' '), pos[0])),
      ...(danglingAt === undefined ? [] : [bad('an alias to no anchor before it', danglingAt)]),
    ])
    return {
      documents: read.map(({ document, targets, danglingAt }) =>
        yamlValueOf(danglingAt === undefined ? document.contents : null, {
          targets,
          lines,
          firstLine,
          budget,
          depth: 0,
        }),
      ),
      problems: () =>
        budget.valuesLeft > 0
          ? broken
          : [
              ...broken,
              {
                path,
                reason: 'too-many',
                detail: `more than ${VALUES_MAX} values when its aliases are followed`,
              },
            ],
    }
  } catch (error) {
    return failed('bad-yaml', error instanceof RangeError ? 'nested too deeply' : 'cannot be read as YAML')
  }
}

const NESTING_MAX = 500
const OPENING = new Set([0x5b, 0x7b])
const CLOSING = new Set([0x5d, 0x7d])

// The parser finds out only when its stack is full, after seconds; no real file leaves so many brackets open.
const isNestedTooDeeply = (bytes: Uint8Array): boolean => {
  let depth = 0
  for (const byte of bytes) {
    if (OPENING.has(byte)) depth += 1
    else if (CLOSING.has(byte) && depth > 0) depth -= 1
    if (depth > NESTING_MAX) return true
  }
  return false
}

interface Context {
  /** What each alias stands for. */
  readonly targets: ReadonlyMap<unknown, unknown>
  readonly lines: LineCounter
  readonly firstLine: number
  // Aliases of aliases double a file with every line: the walk ends, whoever walks it.
  readonly budget: { valuesLeft: number }
  readonly depth: number
}

const DEPTH_MAX = 64
const VALUES_MAX = 200_000

// YAML 1.2.2 §7.1: an alias stands for the last anchor of its name before it; one without is an error, for which every
// program refuses the whole document, so that nothing in it ever acts.
const aliasesOf = (document: Document): { targets: ReadonlyMap<unknown, unknown>; danglingAt: number | undefined } => {
  const anchors = new Map<string, unknown>()
  const targets = new Map<unknown, unknown>()
  let danglingAt: number | undefined
  visit(document, {
    Alias: (_, alias) => {
      if (anchors.has(alias.source)) targets.set(alias, anchors.get(alias.source))
      else danglingAt ??= alias.range?.[0] ?? 0
    },
    Value: (_, node) => {
      if (node.anchor !== undefined) anchors.set(node.anchor, node)
    },
  })
  return { targets, danglingAt }
}

const yamlValueOf = (node: unknown, context: Context): YamlValue => {
  context.budget.valuesLeft -= 1
  const target = isAlias(node) ? context.targets.get(node) : node
  const isOver = context.depth > DEPTH_MAX || context.budget.valuesLeft <= 0
  const inner = { ...context, depth: context.depth + 1 }
  const line = lineOf(node, context)
  const map = isMap(target) && !isOver ? target : undefined
  const list = isSeq(target) && !isOver ? target : undefined
  const readEntries = () =>
    withMerged(
      (map?.items ?? []).map((pair) => ({
        key: textOf(isAlias(pair.key) ? context.targets.get(pair.key) : pair.key) ?? '',
        line: lineOf(pair.key, context),
        value: yamlValueOf(pair.value, inner),
      })),
    )
  let known: ReturnType<typeof readEntries> | undefined
  const entries = () => {
    known ??= readEntries()
    return known
  }
  return {
    line,
    textLine: isScalar(node) && node.type?.startsWith('BLOCK') ? line + 1 : line,
    text: textOf(target),
    tag: isNode(node) && 'tag' in node && typeof node.tag === 'string' ? node.tag : '',
    isMap: map !== undefined,
    isList: list !== undefined,
    entries,
    get: (key) => entries().find((entry) => entry.key === key)?.value,
    items: () => (list?.items ?? []).map((item) => yamlValueOf(item, inner)),
  }
}

// YAML 1.1 merge keys, which compose files use: what the map says itself goes first.
const withMerged = (entries: readonly { key: string; line: number; value: YamlValue }[]) => {
  const merged = entries
    .filter(({ key }) => key === '<<')
    .flatMap(({ value }) => (value.isList ? value.items() : [value]))
    .flatMap((value) => value.entries())
  return merged.length === 0 ? entries : [...entries.filter(({ key }) => key !== '<<'), ...merged]
}

const textOf = (node: unknown): string | undefined => {
  if (!isScalar(node) || node.value === null || node.value === undefined) return undefined
  // As it is written: `0644` and `yes` are what the author typed, not what YAML makes of them.
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value))
}

const lineOf = (node: unknown, { lines, firstLine }: Context): number => {
  const start = isNode(node) ? node.range?.[0] : undefined
  return start === undefined ? firstLine : lines.linePos(start).line + firstLine - 1
}
