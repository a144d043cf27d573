import { type Preset, saysVerified } from './preset.ts'

/** What the client secret of Apple is made from. */
export interface AppleKey {
  /** The team, of 10 characters. */
  readonly teamId: string
  /** The id of the key, of 10 characters. */
  readonly keyId: string
  /** The text of the `.p8` file. */
  readonly privateKey: string
}

/**
 * Reads the client secret of an Apple provider: the JSON object
 * `{ "team_id": "…", "key_id": "…", "private_key": "-----BEGIN PRIVATE KEY-----\n…" }`.
 *
 * @throws {TypeError} It has another form. The message contains nothing of it.
 */
export function readAppleKey(secret: string): AppleKey {
  const { team_id: teamId, key_id: keyId, private_key: privateKey } = readObject(secret)
  if (!isAppleId(teamId)) throw new TypeError('team_id is not 10 capital letters and digits')
  if (!isAppleId(keyId)) throw new TypeError('key_id is not 10 capital letters and digits')
  if (typeof privateKey !== 'string' || !/^-----BEGIN PRIVATE KEY-----\r?\n/.test(privateKey))
    throw new TypeError('private_key is not the text of a .p8 file, with its line breaks as \\n')
  return { teamId, keyId, privateKey }
}

function readObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text))
  } catch {
    throw new TypeError('the secret is not a JSON object with team_id, key_id and private_key')
  }
}

function isAppleId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Z\d]{10}$/.test(value)
}

/** @see {@link https://developer.apple.com/documentation/signinwithapple/authenticating-users-with-sign-in-with-apple Apple's documentation} */
export const apple: Preset = {
  name: 'Apple',
  issuer: 'https://appleid.apple.com',
  protocol: 'oidc',
  scopes: ['openid', 'email', 'name'],
  // Apple requires it with these scopes.
  responseMode: 'form_post',
  usesUserInfo: false,
  reauthenticates: false,
  needsSecret: true,
  subject: ({ sub }) => sub,
  isEmailVerified: (_, claims) => saysVerified(claims),
  assertSecret: readAppleKey,
}
