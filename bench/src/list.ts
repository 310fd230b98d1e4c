import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { migrations } from '../../server/migrations/index.ts'
import { migrate } from '../../server/src/kit/migrate.ts'
import { createAsker } from './list/asker.ts'
import { load } from './list/load.ts'
import { measure } from './list/measure.ts'
import { onPlaces, type Place } from './list/places.ts'
import { type Matched, type Question, questionsOf } from './list/questions.ts'
import { createRegister, type Register } from './list/register.ts'

// How long a page of a million identities takes, on both engines: through the operation and the pipeline, with the
// record of each call committed. The identities are made up, the same in every run.

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '30' }, identities: { type: 'string', default: '1000000' } },
})
const seconds = Number(values.seconds)
const identities = Number(values.identities)
if (!(seconds > 0)) throw new RangeError('--seconds is a number above 0')
if (!(identities >= 1000)) throw new RangeError('--identities is a number of at least 1000')

const run = async (places: readonly Place[]): Promise<void> => {
  const startedAt = performance.now()
  const register = createRegister(identities)
  const questions = questionsOf(register)
  for (const place of places) {
    const database = place.open()
    await migrate(database.writer, migrations)
    await database.close()
  }
  const seeders = await Promise.all(places.map((place) => place.seeder()))
  const answers = await load(register, questions, seeders)
  console.log(`${identities} identities loaded in ${Math.round((performance.now() - startedAt) / 1000)} s`)
  const worst: Record<string, number> = {}
  let badPlans = 0
  for (const place of places) {
    const result = await ask(place, register, questions, answers)
    worst[place.engine] = result.worstMs
    badPlans += result.badPlans
  }
  const p95Ms = Math.max(...Object.values(worst))
  console.log(JSON.stringify({ bench: 'list', unit: 'ms', p95Ms, ...worst, identities, badPlans }))
  // Of a few thousand rows PostgreSQL rightly reads all.
  if (badPlans > 0 && identities >= 50_000) process.exitCode = 1
}

const ask = async (
  place: Place,
  register: Register,
  questions: readonly Question[],
  answers: readonly (readonly Matched[])[],
): Promise<{ worstMs: number; badPlans: number }> => {
  const asker = await createAsker(place.open())
  let worstMs = 0
  const bad: string[] = []
  try {
    console.log(`\n${place.engine.padEnd(38)}${['found', 'asked', 'p50 ms', 'p95 ms', 'deepest'].map(column).join('')}`)
    for (const [i, question] of questions.entries()) {
      bad.push(...(await asker.badPlans(question.input)))
      const each = await measure(asker, register, question, answers[i] ?? [], seconds / questions.length / 2)
      worstMs = Math.max(worstMs, each.p95Ms, each.deepP95Ms)
      const figures = [each.found, each.asked, each.p50Ms, each.p95Ms, each.deepP95Ms]
      console.log(`${each.label.padEnd(38)}${figures.map(column).join('')}`)
    }
  } finally {
    await asker.close()
  }
  for (const plan of new Set(bad)) console.log(`\nreads or sorts a whole table:\n${plan}`)
  return { worstMs, badPlans: bad.length }
}

const column = (figure: string | number): string => String(figure).padStart(10)

await onPlaces(run)
