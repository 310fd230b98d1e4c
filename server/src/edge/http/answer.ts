/** What is answered, whichever way it goes out: by the framework or at the door. */
export interface Answer {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  /** JSON where no other type is named, or nothing at all. */
  readonly text: string
  readonly type?: string
  /** What the log calls the request, which may be another name than it came with. */
  readonly requestId?: string
}
