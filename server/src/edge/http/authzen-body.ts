import { z } from 'zod'
import { coreFault } from '../../kit/fault.ts'
import { inputPlaces } from '../../kit/input-places.ts'
import type { Question, Semantic } from '../../policy/index.ts'
import { ID_MAX, NAME_MAX, plainQuestion, TYPE_MAX } from './plain-question.ts'

// AuthZEN Authorization API 1.0. What is not known of a request is ignored, at every level, as it demands; what is
// known has a bound.

const EVALUATIONS_MAX = 500

const Properties = z.record(z.string().max(NAME_MAX), z.unknown()).default({})
const Entity = z.object({
  type: z.string().min(1).max(TYPE_MAX),
  id: z.string().min(1).max(ID_MAX),
  properties: Properties,
})
// The id of what is searched for is ignored, whatever stands there.
const Searched = Entity.pick({ type: true, properties: true }).transform((entity) => ({ ...entity, id: '' }))
const Action = z.object({ name: z.string().min(1).max(TYPE_MAX), properties: Properties })

/** One question, as the specification has it. */
export const Evaluation = z.object({ subject: Entity, action: Action, resource: Entity, context: Properties })
const Item = Evaluation.partial().extend({ context: Properties.unwrap().optional() })
const Defaults = Item.extend({
  evaluations: z.array(z.unknown()).max(EVALUATIONS_MAX).optional(),
  options: z
    .object({
      evaluations_semantic: z
        .enum(['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'])
        .default('execute_all'),
    })
    .default({ evaluations_semantic: 'execute_all' }),
})

/** What a call asks: one question, or a list of them; a text says what is wrong with one. */
export type AskedQuestions =
  | { readonly questions: readonly (Question | string)[]; readonly semantic: Semantic }
  | Question

/** The one question of an evaluation; throws `invalid_input` that names what is missing. */
export const readEvaluation = (body: unknown): Question => plainQuestion(body) ?? parsed(Evaluation, body)

/** The questions of an evaluations call. Without any it is an evaluation (§7.1). */
export const readEvaluations = (body: unknown): AskedQuestions => {
  const { evaluations = [], options, ...defaults } = parsed(Defaults, body)
  if (evaluations.length === 0) return readEvaluation(body)
  // §7.1.1: an entity that an item has stands in place of the default as a whole.
  const questions = evaluations.map((item): Question | string => {
    const plain = plainQuestion(item, defaults.context)
    if (plain !== undefined) return plain
    const own = Item.safeParse(item)
    if (!own.success) return sentence(own.error)
    const { subject, action, resource, context = {} } = { ...defaults, ...present(own.data) }
    // Every part was read already, the item's own and the defaults.
    return subject && action && resource
      ? { subject, action, resource, context }
      : `${subject ? (action ? '/resource' : '/action') : '/subject'}: is missing, here and in the defaults`
  })
  return { questions, semantic: options.evaluations_semantic }
}

const present = (item: z.infer<typeof Item>): Partial<z.infer<typeof Item>> =>
  Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined))

const Page = z.object({
  token: z.string().max(2_000).optional(),
  limit: z.number().int().min(0).optional(),
})
const paged = { context: Properties, page: Page.optional() }
const ACTION_SEARCHED = { name: '', properties: {} }
const Search = {
  subject: z.object({ subject: Searched, action: Action, resource: Entity, ...paged }),
  resource: z.object({ subject: Entity, action: Action, resource: Searched, ...paged }),
  action: z
    .object({ subject: Entity, resource: Entity, ...paged })
    .transform((asked) => ({ ...asked, action: ACTION_SEARCHED })),
}

/** What a search looks for. */
export const readSearch = (
  by: keyof typeof Search,
  body: unknown,
): { readonly question: Question; readonly page: z.infer<typeof Page> | undefined } => {
  const { page, ...question } = parsed<Question & { page?: z.infer<typeof Page> | undefined }>(Search[by], body)
  return { question, page }
}

const RulebookAsked = z.object({ application: z.string().min(1).max(TYPE_MAX) })

/** The application whose rulebook is asked for. */
export const readRulebookAsked = (body: unknown): string => parsed(RulebookAsked, body).application

const parsed = <T>(schema: z.ZodType<T>, body: unknown): T => {
  const read = schema.safeParse(body)
  if (read.success) return read.data
  throw coreFault('invalid_input', { places: inputPlaces(read.error.issues), about: sentence(read.error) })
}

const sentence = (error: z.ZodError): string => {
  const [place] = inputPlaces(error.issues)
  return place === undefined ? 'the request does not fit' : `${place.pointer || 'the body'}: ${place.detail}`
}
