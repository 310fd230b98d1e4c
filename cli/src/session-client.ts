import { type Client, createClient } from '@reeve/sdk/client'
import { currentSession } from './session.ts'
import type { Surroundings } from './surroundings.ts'

/** A client of a server that calls as the person who logged in on this machine. */
export const sessionClient = (around: Surroundings, server: string): Client =>
  createClient({
    baseUrl: server,
    token: async () => (await currentSession(around, server)).token,
    userAgent: 'reeve-cli',
    clock: around.clock,
    random: around.random,
  })
