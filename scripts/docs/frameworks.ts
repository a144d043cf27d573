/** Copies the example applications into the pages about frameworks. */
import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { type Page, partsOf } from './page.ts'

/** The files of each page in `docs/guide/frameworks/`, by the name of the part. */
const FRAMEWORK_PAGES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  express: { app: 'examples/express.ts' },
  fastify: { app: 'examples/fastify.ts' },
  h3: { app: 'examples/h3.ts' },
  hono: { app: 'examples/hono.ts' },
  nextjs: {
    config: 'examples/nextjs/next.config.ts',
    auth: 'examples/nextjs/lib/auth.ts',
    route: 'examples/nextjs/app/auth/[[...path]]/route.ts',
    page: 'examples/nextjs/app/account/page.tsx',
    action: 'examples/nextjs/app/server-sign-in/actions.ts',
  },
  'node-http': { app: 'examples/node-http.ts' },
  'react-router': {
    auth: 'examples/react-router/app/auth.server.ts',
    routes: 'examples/react-router/app/routes.ts',
    route: 'examples/react-router/app/routes/auth.ts',
    page: 'examples/react-router/app/routes/home.tsx',
    signIn: 'examples/react-router/app/routes/sign-in.tsx',
  },
  sveltekit: {
    auth: 'examples/sveltekit/src/lib/server/auth.ts',
    hooks: 'examples/sveltekit/src/hooks.server.ts',
    types: 'examples/sveltekit/src/app.d.ts',
    page: 'examples/sveltekit/src/routes/+page.server.ts',
    signIn: 'examples/sveltekit/src/routes/sign-in/+page.server.ts',
  },
}

export const frameworks: readonly Page[] = Object.entries(FRAMEWORK_PAGES).map(([page, files]) =>
  partsOf(
    `docs/guide/frameworks/${page}.md`,
    Object.fromEntries(Object.entries(files).map(([part, file]) => [part, listing(file)])),
  ),
)

/** The file as a block of code. */
function listing(file: string): string {
  return `\`\`\`${extname(file).slice(1)}\n${readFileSync(file, 'utf8')}\`\`\``
}
