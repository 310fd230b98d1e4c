import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { listCredentials } from '../src/broker/store-credential.ts'
import { findPageWithin } from '../src/inventory/search-within.ts'
import { listSightings } from '../src/inventory/store-sighting.ts'
import { listTeams } from '../src/inventory/store-team.ts'
import type { AnyDb } from '../src/kit/database.ts'
import type { Scope } from '../src/kit/scope.ts'
import { searchLedger, tailLedger } from '../src/ledger/reader.ts'
import { listApprovals } from '../src/lifecycle/store-approval.ts'
import { listExceptions } from '../src/lifecycle/store-exception.ts'
import { listFindings } from '../src/observe/store-finding.ts'
import { listGrants } from '../src/policy/store-grant.ts'
import { listModes } from '../src/policy/store-mode.ts'
import { listResources } from '../src/policy/store-resource.ts'
import { isWholeTable, planOf, recordQueries } from './query-plans.ts'
import { onEveryEngine } from './room.ts'

const SCOPE: Scope = { all: false, teams: ['team_a'] }
const limit = 10
const after = undefined
const none = { operation: undefined, requester: undefined, team: undefined, state: undefined, after, limit }
const findings = { severity: undefined, owasp: undefined, state: undefined, identity: undefined, rule: undefined }

/** Each list as somebody of one team asks for it. People are few, and so not here. */
const LISTS: Readonly<Record<string, (db: AnyDb) => Promise<unknown>>> = {
  inventory_identity: (db) =>
    findPageWithin(db, SCOPE, { terms: [], ranges: [], text: undefined, sort: 'name' }, after, limit),
  inventory_team: (db) => listTeams(db, SCOPE, '', limit),
  inventory_sighting: (db) => listSightings(db, SCOPE, {}, { after: { name: '', id: '' }, limit }),
  broker_credential: (db) => listCredentials(db, SCOPE, { limit }),
  policy_resource: (db) => listResources(db, SCOPE, { after, limit }),
  policy_grant: (db) => listGrants(db, SCOPE, { after, limit, isLive: false }),
  policy_mode: (db) => listModes(db, SCOPE, { after, limit }),
  observe_finding: (db) => listFindings(db, SCOPE, { ...findings, source: undefined, after, limit }),
  lifecycle_approval: (db) => listApprovals(db, SCOPE, none),
  lifecycle_exception: (db) =>
    listExceptions(db, SCOPE, { kind: undefined, subject: undefined, inForceAt: undefined, after, limit }),
  ledger_entry: async (db) => [
    await searchLedger(db, SCOPE, undefined, limit, {}),
    await tailLedger(db, SCOPE, -1, limit),
  ],
}

for (const [table, list] of Object.entries(LISTS))
  onEveryEngine(`a team’s part of ${table} is read by an index that begins with the team, in order`, async (room) => {
    const recorded = recordQueries(room.database.reader)
    await list(recorded.db)
    const queries = recorded.queries()
    assert.ok(queries.length > 0)
    await room.database.write(async (tx) => {
      // An empty table is read whole and sorted at no cost; what the planner does of a full one is what it can do without.
      if (room.engine === 'postgres')
        for (const one of ['enable_seqscan', 'enable_bitmapscan', 'enable_sort'])
          await sql`select set_config(${one}, 'off', true)`.execute(tx)
      for (const query of queries) {
        const plan = await planOf(room.engine, tx, query)
        assert.ok(!isWholeTable(room.engine, plan, table), `${query.sql}\n${plan}`)
      }
    })
  })
