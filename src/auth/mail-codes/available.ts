import type { Options } from '../../options/index.ts'

/**
 * Whether mail has codes. They need a mailer, a base URL and a secret key. Classic mode has none, because the exercise
 * fixes its answers.
 */
export function hasMailCodes({
  options: { mode, baseUrl, secretKey },
  sendsMail,
}: {
  readonly options: Pick<Options, 'mode' | 'baseUrl' | 'secretKey'>
  readonly sendsMail: boolean
}): boolean {
  // Development mode makes a key if there is none.
  return mode !== 'classic' && sendsMail && baseUrl !== '' && (secretKey !== '' || mode === 'development')
}
