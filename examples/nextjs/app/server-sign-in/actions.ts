'use server'

import { AuthError, type SignInResult } from 'bienvenue-auth'
import { cookies, headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { getAuth } from '../../lib/auth'

export async function signIn(_: string, form: FormData): Promise<string> {
  const fields = { email: String(form.get('email')), password: String(form.get('password')) }
  const auth = await getAuth()
  let started: SignInResult
  try {
    started = await auth.signIn.withPassword(
      { ...fields, returnTo: '/account' },
      auth.callerOf(await headers()),
    )
    const jar = await cookies()
    for (const { name, value, options } of auth.cookies.forSignIn(started)) jar.set(name, value, options)
  } catch (error) {
    if (error instanceof AuthError) return error.message
    throw error
  }
  // Otherwise the sign-in waits for a second factor. The hosted page asks for it, and leads to `returnTo`.
  redirect(started.next === 'signed_in' ? '/account' : '/auth/sign_in/factor')
}
