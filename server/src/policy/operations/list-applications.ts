import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { operation } from '../room.ts'
import { allApplications } from '../store-application.ts'

/** Lists the applications that ask about things of their own. */
export const listApplications = operation.read({
  name: 'policy.application.list',
  summary: 'list the applications that ask about subjects and resources of their own',
  input: z.strictObject({}),
  output: z.object({
    items: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        environment: z.string(),
        askedBy: z.array(z.string()),
        types: z.array(z.object({ type: z.string(), entities: z.number(), actions: z.array(z.string()) })),
        directory: z.string().nullable(),
      }),
    ),
  }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ db }) => ({
    output: {
      items: (await allApplications(db)).map(({ id, name, environment, askedBy, subjects, resources, directory }) => ({
        id,
        name,
        environment,
        askedBy: [...askedBy],
        types: [
          ...subjects.map(({ type, entities }) => ({ type, entities: entities.length, actions: [] })),
          ...resources.map(({ type, entities, actions }) => ({
            type,
            entities: entities.length,
            actions: actions.map((action) => action.name),
          })),
        ],
        directory,
      })),
    },
  }),
})
