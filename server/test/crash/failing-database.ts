import type {
  Compilable,
  CompiledQuery,
  KyselyPlugin,
  OperationNode,
  PluginTransformQueryArgs,
  PluginTransformResultArgs,
} from 'kysely'
import type { AnyTx, Database } from '../../src/kit/database.ts'
import { DirectAdapter } from '../../src/kit/run-text.ts'
import type { Sealer } from '../../src/kit/seal.ts'

/** A step that can be made to fail, once: a statement by its verb and table, or one of the others. */
export type Step = `${'insert' | 'update' | 'select'} ${string}` | 'commit' | 'notify' | 'seal'

/** How it fails: before it took effect, or after. */
export type Way = 'fail' | 'fail-persisted'

/** What was done to a step on purpose. */
export class Injected extends Error {
  override readonly name = 'Injected'
}

/** Makes one step fail. */
export interface Injector {
  /** From now on, until it happened. */
  arm(step: Step, way: Way): void
  /** Whether what was armed has happened. */
  hasFired(): boolean
  database(real: Database): Database
  sealer(real: Sealer): Sealer
}

/** An injector with nothing armed. */
export const createInjector = (): Injector => {
  let armed: { readonly step: Step; readonly way: Way } | undefined

  const fire = (step: Step, way: Way): void => {
    if (armed?.step !== step || armed.way !== way) return
    armed = undefined
    throw new Injected(`${step}: ${way}`)
  }
  const plugin = statementPlugin(fire)

  const committing =
    (write: Database['write']): Database['write'] =>
    async (work) => {
      const value = await write(async (tx: AnyTx) => {
        const done = await work(watched(tx.withPlugin(plugin), fire))
        fire('commit', 'fail')
        return done
      })
      fire('commit', 'fail-persisted')
      return value
    }

  const committingAtOnce = ({ writeAtOnce }: Database): Pick<Database, 'writeAtOnce'> => {
    if (writeAtOnce === undefined) return {}
    return {
      writeAtOnce: async (statement, cells) => {
        fire('commit', 'fail')
        const count = await writeAtOnce(statement, cells)
        fire('commit', 'fail-persisted')
        return count
      },
    }
  }

  return {
    arm: (step, way) => {
      armed = { step, way }
    },
    hasFired: () => armed === undefined,
    database: (real) => ({
      ...real,
      reader: real.reader.withPlugin(plugin),
      write: committing(real.write),
      writeGroup: committing(real.writeGroup),
      ...committingAtOnce(real),
      notify: async (tx, channel) => {
        fire('notify', 'fail')
        await real.notify(tx, channel)
        fire('notify', 'fail-persisted')
      },
    }),
    sealer: (real) => ({
      ...real,
      seal: (plain, at) => {
        fire('seal', 'fail')
        const sealed = real.seal(plain, at)
        fire('seal', 'fail-persisted')
        return sealed
      },
    }),
  }
}

/** Fails a statement before it is sent, or when its result is back. */
const statementPlugin = (fire: (step: Step, way: Way) => void): KyselyPlugin => {
  const steps = new WeakMap<PluginTransformQueryArgs['queryId'], Step>()
  return {
    transformQuery: ({ node, queryId }) => {
      const step = stepOf(node)
      if (step === undefined) return node
      steps.set(queryId, step)
      fire(step, 'fail')
      return node
    },
    transformResult: async ({ queryId, result }: PluginTransformResultArgs) => {
      const step = steps.get(queryId)
      if (step !== undefined) fire(step, 'fail-persisted')
      return result
    },
  }
}

/** Statements that are handed over as text pass no plugin, and on SQLite no executor either. */
const watched = (tx: AnyTx, fire: (step: Step, way: Way) => void): AnyTx => {
  const tell = (text: string, way: Way): void => {
    const table = /^insert into "?([a-z_]+)/.exec(text)?.[1]
    if (table !== undefined) fire(`insert ${table}`, way)
  }
  const execute: AnyTx['executeQuery'] = tx.executeQuery.bind(tx)
  tx.executeQuery = async <R>(query: CompiledQuery<R> | Compilable<R>) => {
    const text = 'sql' in query && typeof query.sql === 'string' ? query.sql : ''
    tell(text, 'fail')
    const result = await execute(query)
    tell(text, 'fail-persisted')
    return result
  }
  const executor = tx.getExecutor()
  const { adapter } = executor
  if (!(adapter instanceof DirectAdapter)) return tx
  const failing = new DirectAdapter((text, cells) => {
    tell(text, 'fail')
    const rows = adapter.direct(text, cells)
    tell(text, 'fail-persisted')
    return rows
  })
  // Kysely's own keeps to itself whether the transaction is over, and tells nobody else.
  const own = (of: typeof executor, key: PropertyKey): unknown => {
    const value: unknown = Reflect.get(of, key)
    return typeof value === 'function' ? value.bind(of) : value
  }
  const watching = new Proxy(executor, { get: (of, key) => (key === 'adapter' ? failing : own(of, key)) })
  tx.getExecutor = () => watching
  return tx
}

const VERBS: Readonly<Record<string, 'insert' | 'update' | 'select'>> = {
  InsertQueryNode: 'insert',
  UpdateQueryNode: 'update',
  SelectQueryNode: 'select',
}

const stepOf = (node: OperationNode): Step | undefined => {
  const verb = VERBS[node.kind]
  const table = /"kind":"IdentifierNode","name":"([a-z_]+)"/.exec(JSON.stringify(tableOf(node)) ?? '')?.[1]
  return verb === undefined || table === undefined ? undefined : `${verb} ${table}`
}

const tableOf = (node: OperationNode): unknown => {
  if ('into' in node) return node.into
  if ('table' in node) return node.table
  return 'from' in node ? node.from : undefined
}
