import { createHmac, timingSafeEqual } from 'node:crypto'

/** Which status list is meant: of a page of places, for tokens that each of these targets stops. */
export interface StatusListOf {
  readonly page: string
  readonly targets: readonly string[]
}

/** Names status lists; a name says all that there is to know of its list, so that none has to be kept anywhere. */
export interface StatusNames {
  write(list: StatusListOf): string
  /** The list of a name that this server gave, on any replica; undefined for anything else. */
  read(name: string): StatusListOf | undefined
}

/**
 * The names under one key. INVARIANT: only a name that was given is read, or anybody could have lists made without end;
 * targets are digests, as in the public feed, so that a name tells nobody who it is about.
 */
export const createStatusNames = (key: Uint8Array): StatusNames => {
  const seal = (text: string): string =>
    createHmac('sha256', key).update(text).digest().subarray(0, SEAL_BYTES).toString('base64url')
  return {
    write: ({ page, targets }) => {
      const text = `${page}.${targets.join('')}`
      return `${text}.${seal(text)}`
    },
    read: (name) => {
      if (name.length > NAME_MAX) return undefined
      const [page = '', all = '', sealed = ''] = name.split('.')
      const text = `${page}.${all}`
      if (!isSame(`${text}.${seal(text)}`, name) || sealed === '') return undefined
      return { page, targets: all.match(EACH) ?? [] }
    },
  }
}

const SEAL_BYTES = 16
const NAME_MAX = 4096
/** Targets have one length. */
const EACH = /.{22}/g

const isSame = (one: string, other: string): boolean => {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}
