import { z } from 'zod'

// Control characters and halves of surrogate pairs are no text: PostgreSQL refuses NUL, and RFC 8785 the halves.
const NO_TEXT = /[\p{Cc}\p{Cs}]/u
const NO_PARAGRAPH = /[\p{Cs}\u0000-\u0009\u000b-\u001f\u007f-\u009f]/u

/** What is said when a mandatory field is missing, and when it is no text. */
export const mandatory = (field: string) => ({
  error: (issue: { input?: unknown }) =>
    issue.input === undefined ? `${field} is mandatory` : `${field} has the wrong type`,
})

/** A line of text that must be there. */
export const line = (field: string, max: number) =>
  z
    .string(mandatory(field))
    .trim()
    .min(1, `${field} is mandatory`)
    .max(max, `${field} has at most ${max} characters`)
    .refine((text) => !NO_TEXT.test(text), `${field} has a control character`)

// What turns the order of what is shown, or ends a line where nobody sees it: a text would read as another than it is.
const TURNS = /[\u202a-\u202e\u2066-\u2069\p{Zl}\p{Zp}]/u
const SEEN = /[^\p{Default_Ignorable_Code_Point}\p{Z}\p{C}]/u

const readable = (text: z.ZodString, field: string) =>
  text
    .refine((given) => !TURNS.test(given), `${field} has a character that turns or ends the line`)
    // A mandatory text that nobody can see is none.
    .refine((given) => given === '' || SEEN.test(given), `${field} is mandatory`)

/** A line that somebody wrote for others to read, and that must be there. */
export const readableLine = (field: string, max: number) => readable(line(field, max), field)

/** A text that may run over several lines. */
export const paragraph = (field: string, max: number) =>
  readable(
    z
      .string(mandatory(field))
      .trim()
      .min(1, `${field} is mandatory`)
      .max(max, `${field} has at most ${max} characters`)
      .refine((text) => !NO_PARAGRAPH.test(text), `${field} has a control character`),
    field,
  )

/** A unique name, which cannot be taken for an id. */
export const name = (field: string) =>
  z
    .string(mandatory(field))
    .max(63)
    .regex(
      /^(?!nhi_|team_)[a-z0-9][a-z0-9._-]{1,62}$/,
      `${field} is 2 to 63 of a-z, 0-9, dot, dash and underscore, starts with a letter or a digit, and is no id`,
    )

/** An id or a name: what may stand for one thing in an input. */
export const reference = (field: string) =>
  z
    .string(mandatory(field))
    .min(1, `${field} is mandatory`)
    .max(100)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, `${field} is an id or a name`)

/** Why somebody does this: kept with the record of it. */
export const reason = paragraph('reason', 500)

/** The approval that is spent by a call. */
export const approvalField = z
  .string()
  .max(100)
  .regex(/^apr_[A-Za-z0-9_-]+$/, 'an approval is named by its id')
  .optional()
  .describe('the id of an approval of this same request')
