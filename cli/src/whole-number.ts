import { CommandError } from './exit-code.ts'

/** A flag's text as a whole number in a range. */
export const wholeNumber = (flag: string, text: string, min: number, max: number): number => {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new CommandError(`${flag} is a whole number from ${min} to ${max}; not \`${text}\``)
}
