/** A person with a browser that keeps cookies and runs no script. */
import type { Auth } from '../../src/index.ts'
import { send } from './send.ts'

/** What the browser shows after a request. */
export interface Shown {
  readonly status: number
  /** The address of the next page, or `null` if the answer is a page. */
  readonly location: string | null
  readonly html: string
  readonly response: Response
}

export class Visitor {
  readonly #auth: Auth
  readonly #cookies = new Map<string, string>()
  /** The address of the connection. */
  readonly #ip: string

  constructor(auth: Auth, { ip = '192.0.2.9' }: { ip?: string } = {}) {
    this.#auth = auth
    this.#ip = ip
  }

  /** The names of the cookies that the browser keeps. */
  get cookies(): string[] {
    return [...this.#cookies.keys()]
  }

  /** The value of a cookie, or `null`. */
  cookie(name: string): string | null {
    return this.#cookies.get(name) ?? null
  }

  /** Continues with the session that a library call has renewed. */
  goOnWith({ sessionToken }: { readonly sessionToken: string }): void {
    this.#cookies.set('__Host-session_id', sessionToken)
  }

  open(path: string): Promise<Shown> {
    return this.#ask('GET', path)
  }

  /** Sends a form. */
  submit(path: string, form: Readonly<Record<string, string>>): Promise<Shown> {
    return this.#ask('POST', path, form)
  }

  /** Follows redirects to our own pages. @returns The path of the last one with its query, or the first foreign URL. */
  async follow({ location }: Shown): Promise<string> {
    if (location === null) throw new Error('not a redirect')
    if (!location.startsWith('/')) return location
    const next = await this.open(location)
    return next.location === null ? location : this.follow(next)
  }

  async #ask(method: string, path: string, form?: Readonly<Record<string, string>>): Promise<Shown> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { accept: 'text/html,*/*;q=0.8', ...(cookie && { cookie }) }
    const response = await send(this.#auth, method, path, { form, headers, ip: this.#ip })
    for (const header of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? []
      if (value === '') this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    const html = await response.clone().text()
    return { status: response.status, location: response.headers.get('location'), html, response }
  }
}

/** The names of the fields on a page, in order. */
export function fieldsIn(html: string): string[] {
  return [...html.matchAll(/<input[^>]* name="([^"]*)"/g)].map(([, name = '']) => name)
}

/** The value of a field on a page, or `null`. */
export function fieldValue(html: string, field: string): string | null {
  const [input] = new RegExp(`<input[^>]* name="${field}"[^>]*>`).exec(html) ?? []
  return /value="([^"]*)"/.exec(input ?? '')?.[1] ?? null
}
