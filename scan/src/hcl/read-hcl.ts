import type { ScannedFile } from '../file.ts'
import type { Problem } from '../report.ts'
import { type HclBlock, type HclBody, type HclEntry, HclError, type HclValue } from './hcl-body.ts'
import { expects, type HclCursor, here, readName, skip, takes } from './hcl-cursor.ts'
import { readQuoted, readTemplate, readValue } from './hcl-value.ts'

/** A file of HCL, and what is wrong with it. */
export interface HclFile {
  readonly body: HclBody
  readonly problems: readonly Problem[]
}

/** A parsed file takes some ten times its size in memory. */
const HCL_BYTES_MAX = 8 * 1024 * 1024

/** Reads HCL native syntax 2; after a place that is broken it goes on with the next block. It never throws. */
export const readHcl = (file: ScannedFile): HclFile => {
  const attributes: HclEntry[] = []
  const blocks: HclBlock[] = []
  const problems: Problem[] = []
  const { path } = file
  const text = file.text()
  if (file.bytes.length > HCL_BYTES_MAX) {
    const detail = `more than ${HCL_BYTES_MAX} bytes: searched for secrets, but not read as HCL`
    return { body: { attributes, blocks }, problems: [{ path, reason: 'too-large', detail }] }
  }
  const cursor = cursorOf(text)
  while (cursor.at < cursor.end && problems.length < PROBLEMS_MAX) {
    let start = cursor.at
    try {
      skip(cursor, true)
      start = cursor.at
      if (cursor.at < cursor.end) readItem(cursor, 0, attributes, blocks)
    } catch (error) {
      if (!(error instanceof HclError)) throw error
      problems.push({ path, reason: 'bad-hcl', detail: error.message, line: cursor.lineOf(error.at) })
      // What does not end has taken all that follows it: that is read again.
      cursor.at = nextBlock(text, error.at >= cursor.end ? start : Math.max(error.at, start))
    }
  }
  return { body: { attributes, blocks }, problems }
}

/** Reads a text with values in it, as JSON has them for HCL. */
export const templateOf = (text: string): HclValue => {
  if (!text.includes('${') && !text.includes('%{')) return { is: 'literal', value: text }
  try {
    return readTemplate(cursorOf(text), 0, undefined)
  } catch {
    return { is: 'unknown', text: text.slice(0, 120) }
  }
}

const PROBLEMS_MAX = 20
const VALUES_MAX = 500_000
const BLOCKS_DEPTH_MAX = 32

const cursorOf = (text: string): HclCursor => {
  let starts: number[] | undefined
  const lineOf = (at: number): number => {
    starts ??= lineStarts(text)
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) <= at) low = middle
      else high = middle
    }
    return low + 1
  }
  return { text, at: 0, end: text.length, lineOf, budget: { valuesLeft: VALUES_MAX } }
}

const lineStarts = (text: string): number[] => {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

// A block of the file itself starts where its line does.
const nextBlock = (text: string, from: number): number => {
  for (let at = text.indexOf('\n', from); at !== -1; at = text.indexOf('\n', at + 1)) {
    if (/[a-z]/.test(text[at + 1] ?? '')) return at + 1
  }
  return text.length
}

const readItem = (cursor: HclCursor, depth: number, attributes: HclEntry[], blocks: HclBlock[]): void => {
  if (depth > BLOCKS_DEPTH_MAX) throw new HclError(cursor.at, 'nested too deeply')
  const start = cursor.at
  const line = cursor.lineOf(start)
  const name = readName(cursor)
  if (name === '') throw new HclError(start, 'neither a block nor an attribute')
  skip(cursor, false)
  if (here(cursor) === '=') {
    cursor.at += 1
    attributes.push({ key: name, value: readValue(cursor, 0, false), line })
    return
  }
  const labels: string[] = []
  while (here(cursor) !== '{') {
    const label = here(cursor) === '"' ? readLabel(cursor) : readName(cursor)
    if (label === '' || labels.length > 8) throw new HclError(cursor.at, 'neither a block nor an attribute')
    labels.push(label)
    skip(cursor, false)
  }
  expects(cursor, '{')
  blocks.push({ type: name, labels, line, body: readBody(cursor, depth + 1) })
}

const readLabel = (cursor: HclCursor): string => {
  const value = readQuoted(cursor, 0)
  return value.is === 'literal' ? String(value.value) : ''
}

const readBody = (cursor: HclCursor, depth: number): HclBody => {
  const attributes: HclEntry[] = []
  const blocks: HclBlock[] = []
  for (;;) {
    skip(cursor, true)
    if (takes(cursor, '}')) return { attributes, blocks }
    if (cursor.at >= cursor.end) throw new HclError(cursor.at, 'a block does not end')
    readItem(cursor, depth, attributes, blocks)
    cursor.budget.valuesLeft -= 1
    if (cursor.budget.valuesLeft < 0) throw new HclError(cursor.at, 'too many values')
  }
}
