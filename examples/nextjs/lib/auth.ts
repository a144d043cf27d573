import { type Auth, createAuth } from 'bienvenue-auth'
import { bienvenue } from 'bienvenue-auth/adapters/next'

// Next.js loads this file several times: for routes, for pages, for the build, and again when it changes.
const shared = globalThis as { auth?: Promise<Auth> }

export function getAuth(): Promise<Auth> {
  shared.auth ??= createAuth({
    mode: 'development',
    baseUrl: process.env.BASE_URL ?? 'http://localhost:3000/auth',
    databaseUrl: 'sqlite:accounts.db',
  })
  return shared.auth
}

export const { getSession, mount } = bienvenue(getAuth)
