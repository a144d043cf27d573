import type { Mutant } from './mutant.ts'

export const FACTORS: readonly Mutant[] = [
  {
    id: 'RCV-01',
    does: 'makes recovery codes of 60 bits',
    file: 'src/lib/recovery-code.ts',
    find: 'const RANDOM_SYMBOLS = 13',
    replace: 'const RANDOM_SYMBOLS = 12',
  },
  {
    id: 'RCV-01',
    does: 'makes recovery codes without randomness',
    file: 'src/lib/recovery-code.ts',
    find: 'Array.from(randomBytes(RANDOM_SYMBOLS),',
    replace: 'Array.from(new Uint8Array(RANDOM_SYMBOLS),',
  },
  {
    id: 'RCV-01',
    does: 'hashes recovery codes like passwords, which takes 0.8 s for ten with bcrypt',
    file: 'src/auth/service.ts',
    find: '{ ...options, ...RECOVERY_CODE_HASHING }',
    replace: 'options',
  },
]
