import assert from 'node:assert/strict'
import type { Engine } from '../../src/kit/database.ts'
import { onEveryServer } from '../process.ts'
import { type Sql, withSql } from '../sql.ts'
import { byAssertion, bySecret, identityInput, postForm, setUpWorkload } from '../workload.ts'

// The tables that issuing a token adds a row to.
const TABLES = ['kit_once', 'ledger_waiting', 'ledger_kept']
// Where events wait for their numbers is a view; with PostgreSQL of two tables, and a record may go to either.
const insertedInto = (table: string, engine: Engine): readonly string[] => {
  if (table !== 'ledger_waiting') return [table]
  return engine === 'sqlite' ? ['ledger_unnumbered'] : ['ledger_unnumbered', 'ledger_block']
}

onEveryServer(
  'A4: where the record of a token cannot be written, nobody gets the token',
  async ({ place, server, admin }, t) => {
    const workload = await setUpWorkload(server, admin)
    const { change } = admin.client(server).inventory.identity
    const issue = {
      secret: () => postForm(server, '/oauth/token', bySecret(workload)),
      assertion: async () => postForm(server, '/oauth/token', await byAssertion(workload, server.url)),
    }
    await withSql(place, async (sql) => {
      const before = await grownSince(sql, new Map())
      assert.equal((await issue.assertion()).status, 200)
      const grown = [...(await grownSince(sql, before)).keys()]
      for (const table of TABLES) assert.ok(grown.includes(table), `issuing adds no row to ${table}`)

      let refused = 0
      for (const table of TABLES) {
        const recorded = await issued(sql)
        // What was decided on is kept once: a changed identity makes it another.
        await change({ identity: workload.id, tags: { ...identityInput('', '').tags, table } })
        await refuseInserts(sql, place.engine, table)
        const answers = await Promise.all([
          issue.assertion(),
          table === 'kit_once' ? issue.assertion() : issue.secret(),
        ])
        for (const { status, body } of answers) {
          assert.equal(status, 500, `${table}: ${JSON.stringify(body)}`)
          assert.equal(body.access_token, undefined)
          assert.equal(body.error, 'server_error')
          assert.doesNotMatch(
            JSON.stringify(body),
            /refused by the test|insert|ledger_|kit_/i,
            'nothing of the database is told',
          )
          refused++
        }
        assert.equal(await issued(sql), recorded, 'nothing says that a token was issued')
        await acceptInserts(sql, place.engine, table)
        assert.equal((await issue.assertion()).status, 200, `${table}: it goes on when the table takes rows again`)
      }
      t.diagnostic(
        `${TABLES.length} tables refused rows in turn: ${refused} of ${refused} requests got an error and no token`,
      )
    })
  },
)

/** How many rows the tables hold, of those in which that is more than before. */
const grownSince = async (sql: Sql, before: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>> => {
  const counts = new Map<string, number>()
  for (const table of TABLES) {
    const count = await rowsOf(sql, table)
    if (count > (before.get(table) ?? -1)) counts.set(table, count)
  }
  return counts
}

// What waits for its number is soon in the log instead.
const rowsOf = async (sql: Sql, table: string): Promise<number> => {
  const tables = table === 'ledger_waiting' ? [table, 'ledger_entry'] : [table]
  const counts = tables.map((one) => `(select count(*) from ${one})`).join(' + ')
  return Number((await sql.rows(`select ${counts} as n`))[0]?.n)
}

const issued = async (sql: Sql): Promise<number> =>
  Number(
    (
      await sql.rows(
        `select count(*) as n from (select kind, outcome from ledger_entry union all select kind, outcome from ledger_waiting) e
         where kind = 'broker.token.issue' and outcome = 'done'`,
      )
    )[0]?.n,
  )

const refuseInserts = async (sql: Sql, engine: Engine, table: string): Promise<void> => {
  for (const into of insertedInto(table, engine))
    await sql.run(
      engine === 'sqlite'
        ? `create trigger refuse before insert on ${into} begin select raise(abort, 'refused by the test'); end`
        : `create or replace function refuse() returns trigger language plpgsql as $$ begin raise 'refused by the test'; end $$;
           create trigger refuse before insert on ${into} for each row execute function refuse()`,
    )
}

const acceptInserts = async (sql: Sql, engine: Engine, table: string): Promise<void> => {
  for (const into of insertedInto(table, engine))
    await sql.run(engine === 'sqlite' ? 'drop trigger refuse' : `drop trigger refuse on ${into}`)
}
