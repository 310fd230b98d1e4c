import { CompiledQuery, type RootOperationNode } from 'kysely'
import type { AnyDb, Engine } from '../src/kit/database.ts'

/** A handle that remembers every query that is run through it. */
export interface RecordedQueries {
  readonly db: AnyDb
  /** What was run so far, each text once. */
  queries(): readonly CompiledQuery[]
}

/** Records what runs through the returned handle. */
export const recordQueries = (db: AnyDb): RecordedQueries => {
  const nodes: RootOperationNode[] = []
  const executor = db.getExecutor()
  return {
    db: db.withPlugin({
      transformQuery: ({ node }) => {
        nodes.push(node)
        return node
      },
      transformResult: async ({ result }) => result,
    }),
    queries: () => {
      const compiled = nodes.map((node) => executor.compileQuery(node, { queryId: 'plan' }))
      return [...new Map(compiled.map((query) => [query.sql, query])).values()]
    },
  }
}

/** How the engine would run this query, as one text. */
export const planOf = async (engine: Engine, db: AnyDb, query: CompiledQuery): Promise<string> => {
  const explain = engine === 'postgres' ? 'explain' : 'explain query plan'
  const { rows } = await db.executeQuery<Record<string, unknown>>(
    CompiledQuery.raw(`${explain} ${query.sql}`, [...query.parameters]),
  )
  return rows.map((row) => String(row['QUERY PLAN'] ?? row.detail)).join('\n')
}

/** Whether this plan reads the whole of one of these tables (`inventory_identity`, …), or sorts. */
export const isWholeTable = (engine: Engine, plan: string, table: string): boolean =>
  engine === 'postgres'
    ? plan.includes(`Seq Scan on ${table}`) || /\bSort\b/.test(plan)
    : plan.includes(`SCAN ${table}`) || plan.includes('TEMP B-TREE')
