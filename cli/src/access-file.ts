import { Document, isNode, isSeq } from 'yaml'
import { schemaLine } from './directory-schemas.ts'

/** A YAML file of one kind of objects; a note stands as a comment above its object. */
export const accessFile = (kind: string, objects: readonly object[], notes: readonly string[] = []): string => {
  const [only] = objects
  const document = new Document(objects.length === 1 ? only : objects)
  const { contents } = document
  const nodes = objects.length > 1 && isSeq(contents) ? contents.items : [contents]
  for (const [at, note] of notes.entries()) {
    const node = nodes[at]
    if (note !== '' && isNode(node)) node.commentBefore = ` ${note}`
  }
  document.commentBefore = `${schemaLine(kind, 1)}\n ${HEADS[kind] ?? kind}`
  return document.toString({ lineWidth: 0 })
}

const HEADS: Readonly<Record<string, string>> = {
  team: 'Who answers for identities, and whom to call.',
  identity:
    'What acts without a person. Credentials, states and tiers are system-owned: Reeve keeps them, not this folder.',
  resource: 'What is accessed, and what can be done with it. The keys that sign tokens for it are system-owned.',
  bundle: 'A named set of permissions for one class of automation.',
  grant: 'Who may do what, until when.',
  application: 'A program that asks about things of its own.',
  test: 'What must be so when this folder is applied; `reeve apply` refuses it otherwise.',
}
