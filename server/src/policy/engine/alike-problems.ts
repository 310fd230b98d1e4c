import type { PolicyProblem } from './source-policy.ts'

/**
 * The type checker judges a policy once for each action and each type that it may be about, and says each time what is
 * wrong at one place: told once, with how many there are and one of them.
 */
export const alikeProblems = (problems: readonly PolicyProblem[]): PolicyProblem[] =>
  [...Map.groupBy(problems, keyOf).values()].flatMap((alike) => {
    const sorted = alike.toSorted((one, other) => (one.message < other.message ? -1 : 1))
    // Of some types the checker knows what was probably meant.
    const told = sorted.find(({ message }) => message.includes(GUESS)) ?? sorted[0]
    const count = new Set(alike.map(({ message }) => message)).size
    return told === undefined ? [] : [count === 1 ? told : { ...told, message: counted(told.message, count) }]
  })

const ACTION = /((?<![\w:])(?:\w+::)*Action::"(?:[^"\\]|\\.|\\$)*(?:"|$))/s
const TYPE = /entity type (`[^`]*`)/
const GUESS = ' (did you mean '

const keyOf = ({ policy, line, column, message }: PolicyProblem): string => {
  const end = message.lastIndexOf(GUESS)
  const said = end === -1 ? message : message.slice(0, end)
  return JSON.stringify([policy, line ?? null, column ?? null, said.replace(ACTION, '').replace(TYPE, '')])
}

const counted = (message: string, count: number): string =>
  ACTION.test(message)
    ? message.replace(ACTION, (one) => `${count} actions, such as ${one}`)
    : message.replace(TYPE, (_, one: string) => `${count} entity types, such as ${one}`)
