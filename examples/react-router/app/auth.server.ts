import { createAuth } from 'bienvenue-auth'

export const auth = await createAuth({
  mode: 'development',
  baseUrl: process.env.BASE_URL ?? 'http://localhost:5173/auth',
  databaseUrl: 'sqlite:accounts.db',
})

/** The headers that set cookies of ours. */
export function setCookies(cookies: { header: string }[]): Headers {
  return new Headers(cookies.map(({ header }) => ['set-cookie', header]))
}
