import { seqOfJti } from '../domain/security-event.ts'
import { type Stream, TAKEN_MAX } from '../domain/stream.ts'

/** The stream after its receiver took these; what is no event of it between where it stands and `head` is nothing. */
export const takeSets = (stream: Stream, jtis: readonly string[], head: number): Stream => {
  const gone = new Set(jtis)
  const from = stream.resend?.from ?? stream.position
  const isOne = (jti: string): boolean => {
    const seq = seqOfJti(jti, stream.id) ?? 0
    return seq > from && seq <= head
  }
  const taken = new Set([...stream.taken, ...[...gone].filter(isOne)])
  return {
    ...stream,
    own: stream.own.filter(({ id }) => !gone.has(`${stream.id}.${id}`)),
    // Those that come first move the position; whoever takes more than this out of order is told some of it again.
    taken: [...taken].sort((one, other) => numberOf(one, stream) - numberOf(other, stream)).slice(0, TAKEN_MAX),
  }
}

const numberOf = (jti: string, { id }: Stream): number => seqOfJti(jti, id) ?? 0
