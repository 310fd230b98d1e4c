import { createHash } from 'node:crypto'
import type { ReportedFinding } from '../../reported-finding.ts'
import type { Place } from '../domain/rotation.ts'
import { nameConsumer } from '../judge-rotation.ts'
import type { Subject } from '../room.ts'
import type { Rotation, Told } from '../store-rotation.ts'

const NAMED_MAX = 5

/** The finding that the deadline of a rotation came before everybody had moved. */
export const behindFinding = (rotation: Rotation, subject: Subject, told: Told, isKept: boolean): ReportedFinding => {
  const named = told.behind
    .slice(0, NAMED_MAX)
    .map((each) => `${nameConsumer(each)}, last seen ${new Date(each.seenAt).toISOString()}`)
  const more = told.behindCount - named.length
  const who = [...named, ...(more > 0 ? [`${more} more`] : [])].join('; ')
  return {
    fingerprint: `broker.rotation.behind/${rotation.id}`,
    rule: 'rotation-not-finished',
    severity: 'medium',
    confidence: 'high',
    // OWASP NHI Top 10 2025: long-lived secrets.
    owasp: 'NHI7',
    title: `${told.behindCount} consumers of ${subject.name} had not moved to the new credential by the deadline`,
    why: isKept
      ? `the old credential was kept, so that whoever has it can still use it: ${who}`
      : `the old credential works no more, and these fail until they have the new one: ${who}`,
    fix: isKept
      ? `give them the new credential; the old one then retires by itself, or revoke it: \`reeve credential revoke ${rotation.predecessor}\``
      : `give them the new credential, ${rotation.successor}; \`reeve credential show ${rotation.predecessor}\` lists them`,
    identity: subject.id,
    where: null,
    evidence: {
      rotation: rotation.id,
      predecessor: rotation.predecessor,
      successor: rotation.successor,
      deadline: new Date(rotation.deadline).toISOString(),
      consumers: who,
    },
  }
}

/** The finding that somebody used a credential after it had retired. */
export const retiredUseFinding = (
  rotation: Rotation,
  subject: Subject,
  use: Place & { readonly at: Date; readonly isKnown: boolean },
): ReportedFinding => ({
  // Whoever was known is a finding of its own; all others are one, however many names somebody makes up.
  fingerprint: `broker.rotation.retired-use/${rotation.predecessor}/${use.isKnown ? digestOf(use) : 'others'}`,
  rule: 'retired-credential-used',
  severity: use.isKnown ? 'medium' : 'high',
  confidence: use.isKnown ? 'high' : 'medium',
  // OWASP NHI Top 10 2025: secret leakage where it is a stranger, long-lived secrets where somebody was forgotten.
  owasp: use.isKnown ? 'NHI7' : 'NHI2',
  title: `${nameConsumer(use)} still uses a credential of ${subject.name} that has retired`,
  why: use.isKnown
    ? 'it was rotated, and this consumer has not been given the new one, or holds on to the old one'
    : 'it was rotated, and nobody was seen with it there before: whoever this is has an old copy',
  fix: use.isKnown
    ? `give it the new credential, ${rotation.successor}`
    : 'find out who this is and where the copy is from; if it is not yours, look at what else lay beside it',
  identity: subject.id,
  where: null,
  evidence: {
    credential: rotation.predecessor,
    successor: rotation.successor,
    instance: use.instance,
    address: use.address,
    at: use.at.toISOString(),
  },
})

const digestOf = ({ instance, address }: Place): string =>
  createHash('sha256')
    .update(JSON.stringify([instance, address]))
    .digest('base64url')
    .slice(0, 22)
