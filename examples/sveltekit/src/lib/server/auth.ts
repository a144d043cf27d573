import { type Auth, createAuth } from 'bienvenue-auth'

let auth: Promise<Auth> | undefined

/** Opens the library at the first request. `vite build` loads this file too, and needs no database. */
export function getAuth(): Promise<Auth> {
  auth ??= createAuth({
    mode: 'development',
    baseUrl: process.env.BASE_URL ?? 'http://localhost:5173/auth',
    databaseUrl: 'sqlite:accounts.db',
  })
  return auth
}
