import type { Reeve } from '../token/reeve.ts'

const USERS = 100
const RECORDS = 100
const ROLES = ['reader', 'writer', 'auditor']

/** A question of the bench, and the answer that the policies below must give. */
export interface AskedRecord {
  readonly body: object
  readonly isAllowed: boolean
}

/** Declares an application with users, records and policies with conditions, and says that this identity may ask. */
export const declareRecords = async (reeve: Reeve): Promise<void> => {
  const users = Array.from({ length: USERS }, (_, at) => ({ id: `user-${at}`, attributes: { role: roleOf(at) } }))
  const records = Array.from({ length: RECORDS }, (_, at) => ({ id: `record-${at}`, attributes: { level: at % 10 } }))
  await reeve.call('policy.access.apply', {
    directory: 'records',
    applications: [
      {
        name: 'records',
        environment: 'production',
        askedBy: [reeve.client.id],
        subjects: [{ type: 'user', attributes: { role: 'string' }, entities: users }],
        resources: [
          {
            type: 'record',
            attributes: { level: 'long' },
            actions: [
              { name: 'read', effect: 'read' },
              { name: 'write', effect: 'write' },
            ],
            entities: records,
          },
        ],
      },
    ],
    policies: [{ name: 'records', file: 'policies/records.cedar', text: POLICIES }],
  })
}

const POLICIES = `
@id("everybody-reads-low") permit (principal is records::user, action == records::Action::"read", resource is records::record)
when { resource has level && resource.level < 5 };
@id("auditors-read") permit (principal is records::user, action == records::Action::"read", resource is records::record)
when { principal has role && principal.role == "auditor" };
@id("writers-write") permit (principal is records::user, action == records::Action::"write", resource is records::record)
when { principal has role && principal.role == "writer" };
@id("sealed") forbid (principal, action, resource is records::record) when { resource has level && resource.level == 9 };`

const roleOf = (user: number): string => ROLES[user % ROLES.length] ?? ''

/** Distinct questions, as many as are asked for, up to 20,000. */
export const recordQuestions = (count: number): readonly AskedRecord[] =>
  Array.from({ length: count }, (_, at) => {
    const [user, record] = [at % USERS, Math.floor(at / USERS) % RECORDS]
    const action = Math.floor(at / (USERS * RECORDS)) % 2 === 0 ? 'read' : 'write'
    const [role, level] = [roleOf(user), record % 10]
    const permits = action === 'read' ? level < 5 || role === 'auditor' : role === 'writer'
    return {
      body: {
        subject: { type: 'user', id: `user-${user}` },
        action: { name: action },
        resource: { type: 'record', id: `record-${record}` },
        context: { purpose: 'support' },
      },
      isAllowed: permits && level !== 9,
    }
  })
