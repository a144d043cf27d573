/** Helpers for tests of the client: the service behind a real port, and a `fetch` with cookies. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Fetch } from '../../src/client/index.ts'
import { toNodeHandler } from '../../src/node.ts'
import { freshAuth } from './engines.ts'
import { type Finished, ROOT, run } from './service.ts'
import { serve, temporaryFolder } from './system.ts'

/** The client as it is published. */
export const BUILT_CLIENT = join(ROOT, 'dist/client/index.js')

/** A request as the client sent it. */
type Sent = { readonly url: string } & Parameters<Fetch>[1]

/** A `fetch` with a cookie jar for one host. It records the requests, and can hold one back. */
export interface Browser {
  readonly fetch: Fetch
  /** Name and value of each cookie. */
  readonly cookies: Map<string, string>
  readonly sent: readonly Sent[]
  /** Holds back the next request, or its answer. @returns Resolves when it is held, with the function that releases it. */
  hold(what: 'request' | 'answer'): Promise<() => void>
}

export function openBrowser(): Browser {
  const cookies = new Map<string, string>()
  const sent: Sent[] = []
  let holding: { what: 'request' | 'answer'; resolve: (release: () => void) => void } | undefined
  return {
    cookies,
    sent,
    hold: (what) =>
      new Promise((resolve) => {
        holding = { what, resolve }
      }),
    async fetch(url, init) {
      const held = holding
      holding = undefined
      const wait = (here: 'request' | 'answer') =>
        held?.what === here ? new Promise<void>(held.resolve) : undefined
      sent.push({ url, ...init })
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const usesCookies = init.credentials === 'include'
      const headers = { ...init.headers, ...(usesCookies && cookie !== '' && { cookie }) }
      await wait('request')
      const response = await globalThis.fetch(url, { ...init, headers })
      await wait('answer')
      if (usesCookies) keepCookies(response, cookies)
      return response
    },
  }
}

function keepCookies(response: Response, cookies: Map<string, string>): void {
  for (const header of response.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? []
    if (/; Max-Age=0;/.test(header)) cookies.delete(name)
    else cookies.set(name, value)
  }
}

/** Registers, signs in with a bearer token, reads the session and signs out. Prints each result. */
const PROGRAM = `
  const url = process.argv.at(-1)
  let token = null
  const client = createClient({ baseUrl: url, token: { get: () => token, set: (next) => { token = next } } })
  const fields = { email: 'bob@example.com', password: 'a tortoise under the lamp' }
  const seen = []
  client.onSignedOut(() => seen.push('signed out'))
  const note = ({ ok, data, error }) => seen.push(ok ? (data?.message ?? data?.user?.email ?? null) : error.code)
  note(await client.account.register(fields))
  note(await client.account.register(fields))
  note(await client.signIn.withPassword(fields))
  note(await client.session.get())
  note(await client.sessions.signOut())
  console.log(JSON.stringify([...seen, token]))
`

/** What {@link runClient} returns if everything works. */
export const CLIENT_WORKS: Finished = {
  exitCode: 0,
  stdout: `${JSON.stringify(['user created', 'email_taken', 'logged in', 'bob@example.com', 'signed out', null, null])}\n`,
  stderr: '',
}

/** Runs the published client on a runtime, against a service on a real port. */
export async function runClient(runtime: string, args: readonly string[] = []): Promise<Finished> {
  const url = await serve(toNodeHandler(await freshAuth('sqlite')))
  const program = join(temporaryFolder(), 'program.mjs')
  writeFileSync(program, `import { createClient } from '${BUILT_CLIENT}'\n${PROGRAM}`)
  return run(runtime, [...args, program, url])
}
