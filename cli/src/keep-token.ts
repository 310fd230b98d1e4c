import type { FollowedToken, TokenSource } from '@reeve/sdk'
import type { Context } from './context.ts'
import { safeText } from './safe-text.ts'
import type { Surroundings } from './surroundings.ts'
import { tokenFile } from './token-file.ts'
import { openTokenSocket } from './token-socket.ts'

/** Where the token of now is put. */
export interface TokenPlaces {
  readonly file?: string | undefined
  readonly socket?: string | undefined
  readonly isForGroup?: boolean | undefined
}

/** What keeps the places true until it is ended. */
export interface TokenKeeper {
  now(): FollowedToken | undefined
  /** Takes the token out of all places. */
  end(): Promise<void>
}

const AGAIN_MS = 1_000

/**
 * Keeps the token of now in these places: the next one in time, none where there is none. `came` is told of each, and
 * whether it is the first. What goes wrong is said, and tried again; the places never hold what is stopped or over.
 */
export const keepToken = async (
  { around, say }: Pick<Context, 'say'> & { readonly around: Pick<Surroundings, 'clock' | 'random'> },
  source: Pick<TokenSource, 'follow'> & { status(): Pick<ReturnType<TokenSource['status']>, 'lastError'> },
  places: TokenPlaces,
  came: (token: FollowedToken, at: { readonly isFirst: boolean }) => void,
): Promise<TokenKeeper> => {
  const { random, clock } = around
  const file =
    places.file === undefined ? undefined : tokenFile(places.file, { random, isForGroup: places.isForGroup === true })
  file?.check()
  let now: TimedToken | undefined
  let inFile: TimedToken | undefined
  let isFirst = true
  let wentWrong = ''
  let cancelAgain = () => {}

  const valid = (token: TimedToken | undefined): FollowedToken | undefined => {
    if (token === undefined) return undefined
    const expiresInSeconds = token.expiresInSeconds - (clock.monotonicMs() - token.toldAtMs) / 1000
    return expiresInSeconds > 0 ? { token: token.token, expiresInSeconds } : undefined
  }

  const putInFile = (): void => {
    cancelAgain()
    const isOver = valid(now) === undefined
    try {
      // The one before stays while the next cannot be written, for no longer than its life.
      if (isOver || (inFile !== undefined && valid(inFile) === undefined)) file?.remove()
      if (now !== undefined && !isOver) file?.write(now.token)
      inFile = now
      wentWrong = ''
    } catch (error) {
      const next = `${file?.path} could not be ${isOver ? 'taken away' : 'written'} (${codeOf(error)})`
      // Once, and not at each try.
      if (next !== wentWrong) say(`reeve: ${next}; it is tried again and again`)
      wentWrong = next
      cancelAgain = clock.after(AGAIN_MS, putInFile)
    }
  }

  const put = (next: FollowedToken | undefined): void => {
    now = next === undefined ? undefined : { ...next, toldAtMs: clock.monotonicMs() }
    putInFile()
    if (next === undefined) {
      const why = source.status().lastError
      say(
        `reeve: there is no valid token any more${why === null ? '' : `: ${wordsOf(why)}`}; it is asked for again and again`,
      )
    } else {
      came(next, { isFirst })
      isFirst = false
    }
  }

  const socket = places.socket === undefined ? undefined : await openTokenSocket(places.socket, () => valid(now))
  const unfollow = source.follow(put)
  return {
    now: () => valid(now),
    end: async () => {
      unfollow()
      now = undefined
      putInFile()
      cancelAgain()
      await socket?.close()
    },
  }
}

interface TimedToken extends FollowedToken {
  readonly toldAtMs: number
}

// A server may have chosen them.
const wordsOf = (error: unknown): string => safeText(error instanceof Error ? error.message : String(error))

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : error)
