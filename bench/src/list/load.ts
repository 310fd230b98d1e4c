import { toRow } from '../../../server/src/inventory/store-identity.ts'
import { toTeamRow } from '../../../server/src/inventory/store-team.ts'
import { createLook, type Matched, type Question } from './questions.ts'
import type { Register } from './register.ts'
import type { Seeder } from './seed.ts'

const ROWS = 2_000
const TERMS = 40_000

/** Loads the register into every engine at once, and answers the questions by the look at each identity on the way. */
export const load = async (
  register: Register,
  questions: readonly Question[],
  seeders: readonly Seeder[],
): Promise<readonly (readonly Matched[])[]> => {
  const each = (work: (seeder: Seeder) => Promise<void>) => Promise.all(seeders.map(work))
  await each((seeder) => seeder.begin())
  await each((seeder) => seeder.teams(register.teams.map(toTeamRow)))
  const look = createLook(questions)
  const filed = new Map<string, number[]>()
  for (let start = 0; start < register.names.length; start += ROWS) {
    const end = Math.min(register.names.length, start + ROWS)
    const identities = Array.from({ length: end - start }, (_, i) => register.identityAt(start + i))
    const rows = identities.map(toRow)
    for (const [i, identity] of identities.entries()) file(filed, look.at(identity, start + i), start + i)
    await each((seeder) => seeder.identities(rows))
  }
  await loadTerms(register, filed, each)
  await each((seeder) => seeder.finish())
  return look.answers()
}

const file = (filed: Map<string, number[]>, terms: readonly string[], index: number): void => {
  for (const term of terms) {
    const under = filed.get(term)
    if (under === undefined) filed.set(term, [index])
    else under.push(index)
  }
}

const loadTerms = async (
  register: Register,
  filed: ReadonlyMap<string, readonly number[]>,
  each: (work: (seeder: Seeder) => Promise<void>) => Promise<unknown>,
): Promise<void> => {
  let terms: string[] = []
  let names: string[] = []
  const flush = async () => {
    await each((seeder) => seeder.terms(terms, names))
    terms = []
    names = []
  }
  for (const term of [...filed.keys()].sort()) {
    for (const index of filed.get(term) ?? []) {
      terms.push(term)
      names.push(register.names[index] ?? '')
      if (terms.length >= TERMS) await flush()
    }
  }
  await flush()
}
