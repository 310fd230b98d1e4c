import { existsSync, readFileSync, statSync } from 'node:fs'
import { CommandError } from './exit-code.ts'

const ID = /^pln_[A-Za-z0-9_-]+$/

/** The plan that an argument names, by its id or by the file that `reeve plan --out` wrote; undefined for a folder. */
export const readPlanId = (argument: string): string | undefined => {
  if (ID.test(argument)) return argument
  if (!existsSync(argument) || !statSync(argument).isFile()) return undefined
  const plan = planIn(readFileSync(argument, 'utf8'))
  if (plan !== undefined) return plan
  throw new CommandError(`${argument} is no folder, and no plan`, {
    next: 'name a folder, or a file that `reeve plan --out` wrote',
  })
}

const planIn = (text: string): string | undefined => {
  try {
    const { plan } = Object(JSON.parse(text))
    return typeof plan === 'string' && ID.test(plan) ? plan : undefined
  } catch {
    return undefined
  }
}
