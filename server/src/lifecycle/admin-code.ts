import type { AnyTx, Database, Handle } from '../kit/database.ts'
import { DEPLOYMENT } from '../kit/operation.ts'
import type { Random } from '../kit/random.ts'
import { appendEvents } from '../ledger/append.ts'
import { ownAct } from '../ledger/own-act.ts'
import type { ReportedFinding } from '../reported-finding.ts'
import { secretHash, secretText } from './domain/secret-text.ts'
import type { LifecycleTables } from './schema.ts'
import { putCode } from './store-code.ts'
import { adminIds, type Person } from './store-person.ts'

const LIFE_MS = 60 * 60 * 1000
const SECRET_BYTES = 32

/** The slot of the code that makes the first admin: while there is an admin, it opens nothing. */
const FIRST_ADMIN_SLOT = 'first-admin'

/** Whether a code is one that was printed because there was no admin. */
export const isFirstAdminSlot = (slot: string | null): boolean => slot?.startsWith(FIRST_ADMIN_SLOT) === true

/** The slot of a code that was made on the server's machine. */
export const RECOVERY_SLOT = 'recovery'

/**
 * A fresh code for the first admin, while there is none; it makes the one void that this replica printed before. Replicas
 * that start together print one each: of all of them one is used. Expires in one hour.
 */
export const firstAdminCode = (
  database: Database,
  now: Date,
  random: Random,
  replica: string,
): Promise<string | undefined> =>
  database.write(async (tx: AnyTx) => {
    if (await hasAdmin(tx)) return undefined
    return makeCode(tx, `${FIRST_ADMIN_SLOT} ${replica}`, now, random)
  })

/** A fresh admin code for whoever has the machine: the way back in when every admin lost the device. */
export const newAdminCode = (database: Database, now: Date, random: Random): Promise<string> =>
  database.write((tx: AnyTx) => makeCode(tx, RECOVERY_SLOT, now, random))

/** Whoever has the machine needs nobody's approval, so everybody is told what came of it. */
export const recoveryFinding = (person: Pick<Person, 'id' | 'name'>, invitation: string): ReportedFinding => ({
  fingerprint: `lifecycle-recovery:${person.id}`,
  rule: 'admin-by-recovery',
  severity: 'high',
  confidence: 'high',
  owasp: 'NHI5',
  title: `${person.name} became an admin by a code of the server's machine`,
  why: 'such a code needs nobody to approve it: whoever can run the server program with its key can make one',
  fix: 'ask who did this and why, then accept this finding; if nobody knows, remove the person and treat the machine as lost',
  identity: null,
  where: null,
  evidence: { person: person.id, invitation },
})

const hasAdmin = async (db: Handle<LifecycleTables>): Promise<boolean> => (await adminIds(db)).length > 0

const makeCode = async (tx: AnyTx, slot: string, now: Date, random: Random): Promise<string> => {
  const code = secretText('ec', random.bytes(SECRET_BYTES))
  const id = random.id('inv')
  const expiresAt = new Date(now.getTime() + LIFE_MS)
  const roles = [{ role: 'admin', team: null }] as const
  await putCode(tx, { hash: secretHash(code), id, slot, roles, createdBy: null, now, expiresAt })
  await recordCode(tx, { id, slot, expiresAt }, now, random)
  return code
}

/** No operation ran, so what the pipeline would have written is written here: who can make this code owns the machine. */
const recordCode = async (
  tx: AnyTx,
  code: { id: string; slot: string; expiresAt: Date },
  now: Date,
  random: Random,
): Promise<void> => {
  const { id, slot, expiresAt } = code
  const act = {
    kind: 'lifecycle.person.invite',
    on: DEPLOYMENT,
    change: [{ field: 'roles', before: null, after: 'admin' }],
    evidence: { invitation: id, for: slot, expiresAt: expiresAt.toISOString() },
  }
  await appendEvents(tx, [ownAct(act, random.id('req'))], { random, now })
}
