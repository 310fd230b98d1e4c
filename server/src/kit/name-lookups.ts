/** An address that a name has. */
export interface Resolved {
  readonly address: string
  readonly family: number
}

/** Every address of a name. */
export type Lookup = (host: string) => Promise<readonly Resolved[]>

/** Looks names up for somebody who waits until this signal. */
export type PatientLookup = (host: string, until: AbortSignal) => Promise<readonly Resolved[]>

const SLOW_MAX = 1000

/**
 * Looks each name up once for all who ask for it meanwhile, and those of domains that did not answer in time one after another.
 * A lookup of the system holds a thread until it ends, whoever has given it up, and there are few: whoever has a
 * name server that never answers would hold all of them, and nobody else's name would be looked up.
 */
export const createNameLookups = (lookup: Lookup): PatientLookup => {
  const running = new Map<string, Promise<readonly Resolved[]>>()
  const slow = new Set<string>()
  let lastOfSlow: Promise<unknown> = Promise.resolve()

  const noteSlow = (domain: string): void => {
    slow.delete(domain)
    if (slow.size >= SLOW_MAX) slow.delete(slow.values().next().value ?? '')
    slow.add(domain)
  }

  const begin = (host: string, until: AbortSignal): Promise<readonly Resolved[]> => {
    const begun = lookup(host).finally(() => running.delete(host))
    running.set(host, begun)
    const domain = domainOf(host)
    const late = (): void => noteSlow(domain)
    until.addEventListener('abort', late, { once: true })
    const over = (): void => {
      until.removeEventListener('abort', late)
      if (!until.aborted) slow.delete(domain)
    }
    begun.then(over, over)
    return begun
  }

  return (host, until) => {
    const known = running.get(host)
    if (known !== undefined) return known
    if (!slow.has(domainOf(host))) return begin(host, until)
    // Nobody waits for it any more by the time that its turn comes: then it is not looked up.
    const mine = lastOfSlow.then(() => running.get(host) ?? (until.aborted ? [] : begin(host, until)))
    lastOfSlow = mine.catch(() => {})
    return mine
  }
}

// Whoever has a domain has any number of names in it. Domains of one country may be taken for one: they take turns then.
const domainOf = (host: string): string => host.toLowerCase().split('.').slice(-2).join('.')
