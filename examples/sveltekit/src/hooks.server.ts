import { bienvenue } from 'bienvenue-auth/adapters/sveltekit'
import { getAuth } from '#lib/server/auth.ts'

export const { handle } = bienvenue(getAuth)
