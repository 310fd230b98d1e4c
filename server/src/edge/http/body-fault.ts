import { coreFault, type Fault } from '../../kit/fault.ts'

/** What Fastify found wrong with a request before any handler saw it; undefined for everything else. */
export const faultOfBody = (error: unknown): Fault | undefined => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return coreFault('too_large')
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return coreFault('wrong_media_type')
  if (code.startsWith('FST_ERR_CTP') || code === 'FST_ERR_BAD_URL') return coreFault('invalid_input', { cause: error })
  return undefined
}
