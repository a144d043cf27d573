'use client'

import { type SubmitEvent, useState } from 'react'

export default function SignInPage() {
  const [message, setMessage] = useState('')

  async function signIn(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault()
    const response = await fetch('/auth/sessions', {
      method: 'POST',
      body: new FormData(event.currentTarget),
    })
    // The sign-in waits for a second factor, for which the hosted page asks.
    if (response.status === 202) window.location.assign('/auth/sign_in/factor')
    else if (response.ok) window.location.assign('/account')
    else setMessage((await response.json()).message)
  }

  return (
    <form onSubmit={signIn}>
      <input name="email" type="email" autoComplete="username" required />
      <input name="password" type="password" autoComplete="current-password" required />
      <button type="submit">Sign in</button>
      <p role="status">{message}</p>
    </form>
  )
}
