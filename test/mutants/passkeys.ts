import type { Mutant } from './mutant.ts'

const CHECKS = 'src/auth/passkeys/webauthn/checks.ts'
const ASSERTION = 'src/auth/passkeys/webauthn/assertion.ts'
const PUBLIC_KEY = 'src/auth/passkeys/webauthn/public-key.ts'
const REGISTRATION = 'src/auth/passkeys/webauthn/registration.ts'

export const PASSKEYS: readonly Mutant[] = [
  {
    id: 'PKY-01',
    does: 'keeps expired challenges',
    file: 'src/auth/passkeys/ceremonies.ts',
    find: 'taken !== null && taken.expiresAt > ctx.now() && purposes',
    replace: 'taken !== null && purposes',
  },
  {
    id: 'PKY-01',
    does: 'accepts a challenge for another purpose',
    file: 'src/auth/passkeys/ceremonies.ts',
    find: ' && purposes.includes(taken.purpose) ? taken',
    replace: ' ? taken',
  },
  {
    id: 'PKY-01',
    does: 'accepts a challenge for another account',
    file: 'src/auth/passkeys/use.ts',
    find: 'ceremony === null || ceremony.userId !== (named?.id ?? null)',
    replace: 'ceremony === null',
  },
  {
    id: 'PKY-01',
    does: 'makes short challenges',
    file: 'src/auth/passkeys/start.ts',
    find: "const challenge = Buffer.from(randomSecret(), 'base64url')",
    replace: "const challenge = Buffer.from(randomSecret(), 'base64url').subarray(0, 8)",
  },
  {
    id: 'PKY-01',
    does: 'asks for the challenge of another browser',
    file: 'src/db/tables/ceremonies.ts',
    find: `    .where('browser_hash', '=', browserHash)
`,
    replace: '',
  },
  {
    id: 'PKY-02',
    does: 'accepts the response to another kind of ceremony',
    file: CHECKS,
    find: 'clientData.type !== type',
    replace: 'false',
  },
  {
    id: 'PKY-02',
    does: 'accepts any challenge',
    file: CHECKS,
    find: 'clientData.challenge !== toBase64url(challenge)',
    replace: 'false',
  },
  {
    id: 'PKY-02',
    does: 'accepts origins that begin with ours',
    file: CHECKS,
    find: 'origin === clientData.origin',
    replace: 'String(clientData.origin).startsWith(origin)',
  },
  {
    id: 'PKY-02',
    does: 'accepts a response made in a frame',
    file: CHECKS,
    find: '(clientData.crossOrigin ?? false) !== false || ',
    replace: '',
  },
  {
    id: 'PKY-02',
    does: 'accepts a response that names its frame',
    file: CHECKS,
    find: " || 'topOrigin' in clientData",
    replace: '',
  },
  {
    id: 'PKY-02',
    does: 'accepts any RP ID',
    file: CHECKS,
    find: '!equalInConstantTime(rpIdHash, sha256(rpId))',
    replace: 'false',
  },
  {
    id: 'PKY-02',
    does: 'accepts a response without presence of the user',
    file: CHECKS,
    find: '!flags.up',
    replace: 'false',
  },
  {
    id: 'PKY-02',
    does: 'accepts a response without verification of the user',
    file: CHECKS,
    find: 'requireUserVerification && !flags.uv',
    replace: 'false',
  },
  {
    id: 'PKY-02',
    does: 'accepts any signature',
    file: ASSERTION,
    find: 'if (!verified)',
    replace: 'if (false)',
  },
  {
    id: 'PKY-02',
    does: 'accepts several spellings of a signature',
    file: ASSERTION,
    find: 'algorithm === ES256 && !hasExactLength(response.signature)',
    replace: 'false',
  },
  {
    id: 'PKY-07',
    does: 'accepts another curve under the number of ES256',
    file: PUBLIC_KEY,
    find: 'key.get(COSEKEYS.crv) === curve && ',
    replace: '',
  },
  {
    id: 'PKY-07',
    does: 'accepts RSA keys of 1,024 bits',
    file: PUBLIC_KEY,
    find: 'modulus: { min: 256',
    replace: 'modulus: { min: 128',
  },
  {
    id: 'PKY-07',
    does: 'reads attestations',
    file: REGISTRATION,
    find: "['fmt', 'none'],",
    replace: "['fmt', library.decodeAttestationObject(new Uint8Array(bytes)).get('fmt')],",
  },
  {
    id: 'PKY-03',
    does: 'counts a passkey as two factors without verification',
    file: 'src/auth/factors/proven.ts',
    find: `...(userVerified ? ['mfa'] : [])`,
    replace: `'mfa'`,
  },
  {
    id: 'PKY-03',
    does: 'signs in with a passkey that did not verify its user',
    file: 'src/auth/passkeys/use.ts',
    find: 'requireUserVerification: named === null',
    replace: 'requireUserVerification: false',
  },
  {
    id: 'PKY-04',
    does: 'accepts the passkey of another account as a second factor',
    file: 'src/auth/passkeys/use.ts',
    find: `if (named !== null && named.id !== userId) throw new Failed('owner')`,
    replace: `if (false) throw new Failed('owner')`,
  },
  {
    id: 'PKY-04',
    does: 'accepts any user handle',
    file: 'src/auth/passkeys/use.ts',
    find: 'if (!isSame && (named === null || userHandle !== null))',
    replace: 'if (false)',
  },
  {
    id: 'PKY-05',
    does: 'ignores the counter',
    file: 'src/auth/passkeys/use.ts',
    find: 'if (backupEligible || !counts || signCount > passkey.signCount) return',
    replace: 'return',
  },
  {
    id: 'PKY-05',
    does: 'accepts synced passkeys where they are refused',
    file: 'src/auth/passkeys/use.ts',
    find: `ctx.options.passkeyStorage === 'device_bound')
    throw new Failed('backup_eligibility')`,
    replace: `false)
    throw new Failed('backup_eligibility')`,
  },
  {
    id: 'PKY-06',
    does: 'stores a key when a passkey is renamed',
    file: 'src/db/tables/passkeys.ts',
    find: `    .set({ name })
`,
    replace: `    .set({ name, public_key: Buffer.from(name) })
`,
  },
  {
    id: 'PKY-08',
    does: 'accepts ids of any length',
    file: 'src/auth/passkeys/webauthn/credential.ts',
    find: 'CREDENTIAL_ID_MAX_BYTES = 1_023',
    replace: 'CREDENTIAL_ID_MAX_BYTES = 4_096',
  },
  {
    id: 'PKY-08',
    does: 'accepts a response made in a frame',
    file: 'src/auth/passkeys/webauthn/checks.ts',
    find: '(clientData.crossOrigin ?? false) !== false || ',
    replace: '',
  },
  {
    id: 'PKY-09',
    does: 'lists the passkeys of the signed-in user',
    file: 'src/auth/passkeys/start.ts',
    find: `if (purpose === 'sign_in') return null`,
    replace: `if (purpose === 'sign_in') return (await requireAnySession(ctx, caller).catch(() => null))?.user ?? null`,
  },
  {
    id: 'PKY-09',
    does: 'makes a new handle for each passkey',
    file: 'src/db/tables/users.ts',
    find: 'sql`coalesce(webauthn_handle, ${proposal})`',
    replace: 'sql`${proposal}`',
  },
]
