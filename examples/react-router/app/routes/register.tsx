import { AuthError } from 'bienvenue-auth'
import { Form } from 'react-router'
import { auth } from '../auth.server'
import type { Route } from './+types/register'

export async function action({ request }: Route.ActionArgs) {
  const form = await request.formData()
  const fields = { email: String(form.get('email')), password: String(form.get('password')) }
  try {
    await auth.account.register(fields, auth.callerOf(request))
    return { message: 'Open the link in the mail.' }
  } catch (error) {
    if (!(error instanceof AuthError)) throw error
    return { message: error.message }
  }
}

export default function Register({ actionData }: Route.ComponentProps) {
  return (
    <Form method="post">
      <input name="email" type="email" autoComplete="username" required />
      <input name="password" type="password" autoComplete="new-password" required />
      <button type="submit">Register</button>
      <p role="status">{actionData?.message}</p>
    </Form>
  )
}
