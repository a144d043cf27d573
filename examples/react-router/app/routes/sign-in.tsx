import { AuthError } from 'bienvenue-auth'
import { Form, redirect } from 'react-router'
import { auth, setCookies } from '../auth.server'
import type { Route } from './+types/sign-in'

export async function action({ request }: Route.ActionArgs) {
  const form = await request.formData()
  const fields = { email: String(form.get('email')), password: String(form.get('password')) }
  try {
    const started = await auth.signIn.withPassword({ ...fields, returnTo: '/' }, auth.callerOf(request))
    // Otherwise the sign-in waits for a second factor. The hosted page asks for it, and leads to `returnTo`.
    const target = started.next === 'signed_in' ? '/' : '/auth/sign_in/factor'
    return redirect(target, { headers: setCookies(auth.cookies.forSignIn(started)) })
  } catch (error) {
    if (!(error instanceof AuthError)) throw error
    return { message: error.message }
  }
}

export default function SignIn({ actionData }: Route.ComponentProps) {
  return (
    <Form method="post">
      <input name="email" type="email" autoComplete="username" required />
      <input name="password" type="password" autoComplete="current-password" required />
      <button type="submit">Sign in</button>
      <p role="status">{actionData?.message}</p>
    </Form>
  )
}
