import { STATUS_CODES, validateHeaderValue } from 'node:http'
import type { Clock } from '../../kit/clock.ts'
import type { Answer } from './answer.ts'
import { ALWAYS, JSON_TYPE } from './lean-response.ts'

/** What an answer calls its request, how long its body is, and whether the connection ends with it. */
interface Said {
  readonly name: string
  readonly bytes: number
  readonly isOver: boolean
}

/** Writes heads of answers as Node's server and the framework do. */
export const createPlainAnswerHead = ({
  clock,
  idleMsMax,
}: {
  readonly clock: Pick<Clock, 'now'>
  readonly idleMsMax: number
}): ((answer: Answer, said: Said) => string) => {
  let end = { second: Number.NaN, stays: '', isOver: '' }
  /** Heads of one second end alike. */
  const endAt = (now: Date): typeof end => {
    const second = Math.floor(now.getTime() / 1000)
    if (second === end.second) return end
    const same = `${SAME}date: ${now.toUTCString()}\r\nconnection: `
    const stays = `${same}keep-alive\r\nkeep-alive: timeout=${idleMsMax / 1000}\r\n\r\n`
    end = { second, stays, isOver: `${same}close\r\n\r\n` }
    return end
  }
  return ({ status, headers, text, type = JSON_TYPE }, { name, bytes, isOver }) => {
    const begin = status === 200 && type === JSON_TYPE && text !== '' ? OK_JSON : beginOf(status, text, type)
    let more = line('x-request-id', name)
    for (const [key, value] of headers) more += line(key, value)
    const { stays, isOver: ends } = endAt(clock.now())
    return `${begin}content-length: ${bytes}\r\n${more}${isOver ? ends : stays}`
  }
}

const beginOf = (status: number, text: string, type: string): string =>
  `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${text === '' ? '' : line('content-type', type)}`

/** INVARIANT: no value ends its line early; ours are known, others are looked at as Node does. */
const line = (name: string, value: string): string => {
  if (!PLAIN_VALUE.test(value)) validateHeaderValue(name, value)
  return `${name}: ${value}\r\n`
}

const PLAIN_VALUE = /^[\x20-\x7e]*$/
const [GUARD, GUARDED, CACHE, CACHED] = ALWAYS
const SAME = line(GUARD, GUARDED) + line(CACHE, CACHED)
const OK_JSON = beginOf(200, '{}', JSON_TYPE)
