import type { Command } from 'commander'
import type { Surroundings } from '../surroundings.ts'

/** Stands until the command lands. */
export const addToken = (_program: Command, _around: Surroundings): void => undefined
