import { existsSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { CpuProfile } from './self-times.ts'

/** The profile as if every function still stood in its source: a server runs from one file that was made of them. */
export const withOriginalPlaces = (profile: CpuProfile): CpuProfile => {
  const maps = new Map<string, SourceMap | undefined>()
  const mapOf = (url: string): SourceMap | undefined => {
    if (!maps.has(url)) maps.set(url, openMap(url))
    return maps.get(url)
  }
  const nodes = profile.nodes.map((node) => {
    const { url, lineNumber, columnNumber } = node.callFrame
    const found = mapOf(url)?.findEntry(lineNumber, columnNumber)
    if (found === undefined || !('originalSource' in found)) return node
    const source = new URL(found.originalSource, url).href
    return { ...node, callFrame: { ...node.callFrame, url: source, lineNumber: found.originalLine } }
  })
  return { ...profile, nodes }
}

const openMap = (url: string): SourceMap | undefined => {
  if (!url.startsWith(pathToFileURL('/').href)) return undefined
  const file = `${fileURLToPath(url)}.map`
  return existsSync(file) ? new SourceMap(JSON.parse(readFileSync(file, 'utf8'))) : undefined
}
