import { hasKey, type Options } from '../../options/index.ts'

/**
 * Whether mail has codes. They need a mailer, a base URL and a secret key. Classic mode has none, because the exercise
 * fixes its answers.
 */
export function hasMailCodes({
  options,
  sendsMail,
}: {
  readonly options: Pick<Options, 'mode' | 'baseUrl' | 'secretKey'>
  readonly sendsMail: boolean
}): boolean {
  return options.mode !== 'classic' && sendsMail && options.baseUrl !== '' && hasKey(options)
}
