/**
 * Gives the memory of bytes back at once, which nobody reads any more. A collector that counts objects lets many large
 * ones stand before it looks; an archive makes thousands.
 */
export const releaseBytes = ({ buffer, byteLength }: Buffer): void => {
  // What shares its memory with others is small, and stays.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
