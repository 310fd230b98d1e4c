import type { PolicyScope } from '@reeve/cedar'
import { callOfficial } from './official.ts'

/** The effect and the head of one policy; undefined when it cannot be read. */
export const policyHead = (text: string): (PolicyScope & { effect: 'permit' | 'forbid' }) | undefined => {
  const called = callOfficial((cedar) => cedar.policyToJson(text))
  if (!called.ok || called.result.type === 'failure') return undefined
  const { effect, principal, action, resource } = called.result.json
  return { effect, principal, action, resource }
}
