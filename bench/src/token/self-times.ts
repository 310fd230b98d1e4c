/** The part of V8's profile format that is read here. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
  readonly startTime: number
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: {
    readonly functionName: string
    readonly url: string
    readonly lineNumber: number
    readonly columnNumber: number
  }
  readonly children?: readonly number[]
}

/** Where the time went, as shares of the time in which the thread was not idle, largest first. */
export interface SelfTimes {
  readonly idleShare: number
  readonly areas: readonly (readonly [string, number])[]
  readonly functions: readonly (readonly [string, number])[]
}

/** Sums the samples of a window by area and by function. */
export const selfTimes = (
  profile: CpuProfile,
  window: { readonly fromMicroseconds: number; readonly untilMicroseconds: number },
): SelfTimes => {
  const byNode = new Map<number, number>()
  let at = profile.startTime
  for (const [index, id] of profile.samples.entries()) {
    at += profile.timeDeltas[index] ?? 0
    if (at < window.fromMicroseconds || at > window.untilMicroseconds) continue
    byNode.set(id, (byNode.get(id) ?? 0) + (profile.timeDeltas[index + 1] ?? 0))
  }
  const places = placesOf(profile.nodes)
  const areas = new Map<string, number>()
  const functions = new Map<string, number>()
  let all = 0
  for (const [id, time] of byNode) {
    const { area, name } = places.get(id) ?? { area: 'event loop and sockets', name: '?' }
    all += time
    areas.set(area, (areas.get(area) ?? 0) + time)
    functions.set(name, (functions.get(name) ?? 0) + time)
  }
  const idle = areas.get('idle') ?? 0
  areas.delete('idle')
  functions.delete('(idle)')
  const shares = (sums: ReadonlyMap<string, number>) =>
    [...sums].map(([name, time]) => [name, time / (all - idle)] as const).toSorted((a, b) => b[1] - a[1])
  return { idleShare: idle / all, areas: shares(areas), functions: shares(functions) }
}

interface Place {
  readonly area: string
  readonly name: string
}

/** What is native or the runtime's own counts to the area of who called it. */
const placesOf = (nodes: readonly ProfileNode[]): ReadonlyMap<number, Place> => {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const places = new Map<number, Place>()
  const walk = (node: ProfileNode, parentArea: string): void => {
    const { functionName, url, lineNumber } = node.callFrame
    const area = areaOf(functionName, url) ?? parentArea
    const file = url.replace(/^file:\/\//, '').replace(/^.*\/(?=(?:node_modules|server|sdk|cedar)\/)/, '')
    places.set(node.id, {
      area,
      name: url === '' ? functionName : `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`,
    })
    for (const id of node.children ?? []) {
      const child = byId.get(id)
      if (child !== undefined) walk(child, area)
    }
  }
  const [root] = nodes
  if (root !== undefined) walk(root, 'event loop and sockets')
  return places
}

const SPECIAL: Readonly<Record<string, string>> = {
  '(idle)': 'idle',
  '(garbage collector)': 'gc',
  '(program)': 'native, outside any call',
}

const AREAS: readonly (readonly [RegExp, string])[] = [
  [/edge\/http\/(?:form|strict-json)/, 'parse'],
  [/authenticate-client|client-secret|client-proof|assertion-claims|compact-jwt/, 'authenticate'],
  [/\/server\/src\/policy\/|\/cedar\//, 'policy'],
  [/\/server\/src\/ledger\/|\/sdk\/src\/ledger\//, 'ledger'],
  [/kit\/sqlite/, 'sqlite'],
  [/kit\/postgres|node_modules\/pg/, 'postgres client'],
  [/kysely|kit\/insert-rows/, 'making queries'],
  [/broker\/signature|node:internal\/crypto|node:crypto/, 'sign and verify'],
  [/kit\/(?:hot|changes)/, 'hot pipeline'],
  [/\/server\/src\/broker\//, 'issue'],
  [/kit\/random/, 'random'],
  [/\/server\/src\/(?:observe|inventory|lifecycle)\//, 'jobs that read the log'],
  [/edge\/http|node_modules\/(?:fastify|find-my-way|@fastify|avvio|prom-client)|node:_?http/, 'http'],
]

const areaOf = (functionName: string, url: string): string | undefined =>
  SPECIAL[functionName] ?? AREAS.find(([pattern]) => pattern.test(url))?.[1]
