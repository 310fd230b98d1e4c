import { callOfficial } from './official.ts'

/** The annotations of one policy by their names; none when it cannot be read. */
export const policyAnnotations = (text: string): ReadonlyMap<string, string> => {
  const called = callOfficial((cedar) => cedar.policyToJson(text))
  const json = called.ok && called.result.type === 'success' ? called.result.json : undefined
  return new Map(Object.entries(json?.annotations ?? {}).map(([name, value]) => [name, value ?? '']))
}
