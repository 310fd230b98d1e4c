import { type Feed, type FeedOptions, followFeed } from './feed.ts'

interface Shared {
  readonly given: ShareOptions
  readonly feed: Feed
  holders: number
}

type ShareOptions = Pick<FeedOptions, 'issuer' | 'fetch' | 'clock' | 'random'>

// Of this process: an issuer, reached in one way, is followed once, however many verifiers there are.
const feeds = new Set<Shared>()

/**
 * The feed of this issuer that the process follows already, or a new one; it is followed until the last one who shares it has
 * closed theirs. Stops are held for the longest time that any verifier asks for.
 */
export const shareFeed = ({ issuer, fetch, clock, random }: ShareOptions): Feed => {
  const given = { issuer, fetch, clock, random }
  const shared = feeds.values().find((known) => isAlike(known.given, given)) ?? begin(given)
  shared.holders += 1
  const { feed } = shared
  const listening = new Set<() => void>()
  const closed = Promise.withResolvers<never>()
  closed.promise.catch(() => {})
  let isClosed = false
  return {
    issuer,
    view: feed.view,
    get isConnected() {
      return feed.isConnected
    },
    get keys() {
      return feed.keys
    },
    ready: () => Promise.race([feed.ready(), closed.promise]),
    onChange: (listener) => {
      const stop = feed.onChange(() => listener())
      listening.add(stop)
      return () => {
        stop()
        listening.delete(stop)
      }
    },
    close: () => {
      if (isClosed) return
      isClosed = true
      closed.reject(new Error('the feed was closed'))
      for (const stop of listening) stop()
      shared.holders -= 1
      if (shared.holders > 0) return
      feeds.delete(shared)
      feed.close()
    },
  }
}

const begin = (given: ShareOptions): Shared => {
  const shared = { given, feed: followFeed(given), holders: 0 }
  feeds.add(shared)
  return shared
}

const isAlike = (one: ShareOptions, other: ShareOptions): boolean =>
  one.issuer === other.issuer && one.fetch === other.fetch && one.clock === other.clock && one.random === other.random
