import type { Mutant } from './mutant.ts'

const CHECKS = 'src/auth/passkeys/webauthn/checks.ts'
const ASSERTION = 'src/auth/passkeys/webauthn/assertion.ts'
const PUBLIC_KEY = 'src/auth/passkeys/webauthn/public-key.ts'
const REGISTRATION = 'src/auth/passkeys/webauthn/registration.ts'

export const PASSKEYS: readonly Mutant[] = [
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
]
