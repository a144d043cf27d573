/**
 * The same small application in every framework with an adapter: `/auth/*` is the service, `/me` knows the signed-in user,
 * `/private` requires one, and `/sensitive` one who authenticated recently.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { H3, toNodeHandler as listenerOf } from 'h3'
import { Hono } from 'hono'
import { bienvenue as forExpress } from '../../src/adapters/express.ts'
import { bienvenue as forFastify } from '../../src/adapters/fastify.ts'
import { bienvenue as forH3 } from '../../src/adapters/h3.ts'
import { type BienvenueVariables, bienvenue as forHono } from '../../src/adapters/hono.ts'
import { bienvenue as forNext } from '../../src/adapters/next.ts'
import type { RemoteService } from '../../src/adapters/remote.ts'
import { bienvenue as forSvelteKit, type SvelteKitEvent } from '../../src/adapters/sveltekit.ts'
import type { Auth } from '../../src/index.ts'

export type Source = Auth | RemoteService

/** The body of an answer: who is signed in. */
const who = (signedIn: { user: { email: string } } | null | undefined) => ({
  email: signedIn?.user.email ?? null,
})

const isAuth = (source: Source): source is Auth => 'getSession' in source

/** The adapters have an overload for each kind of source. This picks one, to satisfy the types. */
const local = (source: Source) => source as Auth

/** Hono would replace the global `Response`, which h3 uses too. */
const OWN_RESPONSE = { overrideGlobalObjects: false }

/** Turns a function on `Request` and `Response` into a listener. `ip` is the address of the connection. */
function listener(answer: (request: Request, ip: string | undefined) => Promise<Response> | Response) {
  return (request: IncomingMessage, response: ServerResponse) =>
    getRequestListener((web) => answer(web, request.socket.remoteAddress), OWN_RESPONSE)(request, response)
}

export const APPLICATIONS: Readonly<Record<string, (source: Source) => Promise<RequestListener>>> = {
  async hono(source) {
    const { identify, requireUser, mount } = forHono(local(source))
    const app = new Hono<{ Variables: BienvenueVariables }>()
    if (isAuth(source)) app.all('/auth/*', mount)
    app.get('/me', identify, (c) => c.json(who(c.var.signedIn)))
    app.get('/private', requireUser(), (c) => c.json(who(c.var.signedIn)))
    app.get('/sensitive', requireUser({ fresh: true }), (c) => c.json(who(c.var.signedIn)))
    return getRequestListener(app.fetch, OWN_RESPONSE)
  },

  async express(source) {
    const { identify, requireUser, mount } = forExpress(local(source))
    const app = express()
    if (isAuth(source)) app.use('/auth', mount)
    app.use(express.json())
    app.get('/me', identify, (request, response) => void response.json(who(request.signedIn)))
    app.get('/private', requireUser(), (request, response) => void response.json(who(request.signedIn)))
    app.get('/sensitive', requireUser({ fresh: true }), (request, response) => {
      response.json(who(request.signedIn))
    })
    return app
  },

  async fastify(source) {
    const { identify, requireUser, mount } = forFastify(local(source))
    const app = fastify()
    if (isAuth(source)) app.register(mount, { prefix: '/auth' })
    app.get('/me', { preHandler: identify }, (request) => who(request.signedIn))
    app.get('/private', { preHandler: requireUser() }, (request) => who(request.signedIn))
    app.get('/sensitive', { preHandler: requireUser({ fresh: true }) }, (request) => who(request.signedIn))
    await app.ready()
    return (request, response) => app.routing(request, response)
  },

  async h3(source) {
    const { identify, requireUser, mount } = forH3(local(source))
    const app = new H3()
    if (isAuth(source)) app.all('/auth/**', mount)
    app.get('/me', ({ context }) => who(context.signedIn), { middleware: [identify] })
    app.get('/private', ({ context }) => who(context.signedIn), { middleware: [requireUser()] })
    app.get('/sensitive', ({ context }) => who(context.signedIn), {
      middleware: [requireUser({ fresh: true })],
    })
    return listenerOf(app) as RequestListener
  },

  // The files of an App Router, behind a minimal router. `npm run test:full` runs Next.js itself.
  async next(source) {
    const { identify, requireUser, mount } = forNext(local(source), {
      clientIp: (request) => request.headers.get('x-real-ip') ?? undefined,
    })
    const pages: Record<string, (request: Request) => Promise<Response> | Response> = {
      '/me': identify((signedIn) => Response.json(who(signedIn))),
      '/private': requireUser((signedIn) => Response.json(who(signedIn))),
      '/sensitive': requireUser((signedIn) => Response.json(who(signedIn)), { fresh: true }),
    }
    return listener((request, ip) => {
      const { pathname } = new URL(request.url)
      request.headers.set('x-real-ip', ip ?? '')
      if (isAuth(source) && /^\/auth(?:\/|$)/.test(pathname))
        return mount[request.method as keyof typeof mount](request)
      return pages[pathname]?.(request) ?? new Response('not here', { status: 404 })
    })
  },

  // The hook and the endpoints of SvelteKit, behind a minimal router. `npm run test:full` runs SvelteKit itself.
  async sveltekit(source) {
    const { handle, requireUser } = forSvelteKit(source)
    const endpoints: Record<string, (event: SvelteKitEvent) => Promise<Response> | Response> = {
      '/me': ({ locals }) => Response.json(who(locals.signedIn)),
      '/private': requireUser((_, signedIn) => Response.json(who(signedIn))),
      '/sensitive': requireUser((_, signedIn) => Response.json(who(signedIn)), { fresh: true }),
    }
    return listener((request, ip = '') => {
      const url = new URL(request.url)
      const locals = { signedIn: null }
      return handle({
        event: { request, url, locals, getClientAddress: () => ip },
        resolve: (event) => endpoints[url.pathname]?.(event) ?? new Response('not here', { status: 404 }),
      })
    })
  },
}
