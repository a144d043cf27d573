/** Copies the examples into the guides. */
import { listingsOf, type Page } from './page.ts'

/** The files of each page in `docs/guide/`, by the name of the part. */
const PAGES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'frameworks/express': { app: 'examples/express.ts' },
  'frameworks/fastify': { app: 'examples/fastify.ts' },
  'frameworks/h3': { app: 'examples/h3.ts' },
  'frameworks/hono': { app: 'examples/hono.ts' },
  'frameworks/nextjs': {
    config: 'examples/nextjs/next.config.ts',
    auth: 'examples/nextjs/lib/auth.ts',
    route: 'examples/nextjs/app/auth/[[...path]]/route.ts',
    page: 'examples/nextjs/app/account/page.tsx',
    action: 'examples/nextjs/app/server-sign-in/actions.ts',
  },
  'frameworks/node-http': { app: 'examples/node-http.ts' },
  'frameworks/react-router': {
    auth: 'examples/react-router/app/auth.server.ts',
    routes: 'examples/react-router/app/routes.ts',
    route: 'examples/react-router/app/routes/auth.ts',
    page: 'examples/react-router/app/routes/home.tsx',
    signIn: 'examples/react-router/app/routes/sign-in.tsx',
  },
  'frameworks/sveltekit': {
    auth: 'examples/sveltekit/src/lib/server/auth.ts',
    hooks: 'examples/sveltekit/src/hooks.server.ts',
    types: 'examples/sveltekit/src/app.d.ts',
    page: 'examples/sveltekit/src/routes/+page.server.ts',
    signIn: 'examples/sveltekit/src/routes/sign-in/+page.server.ts',
  },
  testing: { tests: 'examples/testing.ts' },
}

export const examples: readonly Page[] = Object.entries(PAGES).map(([page, files]) =>
  listingsOf(`docs/guide/${page}.md`, files),
)
