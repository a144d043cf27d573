'use client'

import { useActionState } from 'react'
import { signIn } from './actions'

export default function ServerSignInPage() {
  const [message, action] = useActionState(signIn, '')
  return (
    <form action={action}>
      <input name="email" type="email" autoComplete="username" required />
      <input name="password" type="password" autoComplete="current-password" required />
      <button type="submit">Sign in</button>
      <p role="status">{message}</p>
    </form>
  )
}
