/** The frameworks that `init` knows: how to recognize each, and what an application with it needs. */
import type { Project } from './project.ts'

/** What `init` does in a project. */
export interface Plan {
  readonly files: readonly PlannedFile[]
  /** What the user adds to files of their own. */
  readonly additions: readonly Addition[]
  /** The port on which the framework serves during development. */
  readonly port: number
}

interface PlannedFile {
  /** Relative to the project, with `/` as separator. */
  readonly path: string
  readonly text: string
  /** If another file has this path, it stays, and the user adds these lines. Without them, `init` asks to replace it. */
  readonly otherwise?: readonly string[]
}

export interface Addition {
  /** Where the lines go, to complete the sentence "Add to …". */
  readonly to: string
  readonly lines: readonly string[]
}

export interface Framework {
  /** The value of `--framework`. */
  readonly name: string
  readonly title: string
  /** Whether a dependency of this name means that the project uses the framework. */
  readonly isPackage: (name: string) => boolean
  readonly plan: (project: Project) => Plan
}

const PORT = 3000
const VITE_PORT = 5173

/** From the most to the least specific: a project may have several, such as a Next.js application with an Express server. */
export const FRAMEWORKS: readonly Framework[] = [
  { name: 'next', title: 'Next.js', isPackage: (name) => name === 'next', plan: planNext },
  {
    name: 'sveltekit',
    title: 'SvelteKit',
    isPackage: (name) => name === '@sveltejs/kit',
    plan: planSvelteKit,
  },
  {
    name: 'react-router',
    title: 'React Router',
    isPackage: (name) => name.startsWith('@react-router/'),
    plan: planReactRouter,
  },
  server('fastify', 'Fastify', [
    "app.register(mount, { prefix: '/auth' })",
    "app.get('/me', { preHandler: requireUser() }, (request) => request.signedIn?.user)",
  ]),
  server('hono', 'Hono', [
    "app.all('/auth/*', mount)",
    "app.get('/me', requireUser(), (c) => c.json(c.var.signedIn.user))",
  ]),
  server('express', 'Express', [
    '// Before body parsers such as express.json().',
    "app.use('/auth', mount)",
    "app.get('/me', requireUser(), (request, response) => response.json(request.signedIn?.user))",
  ]),
  server('h3', 'h3', [
    "app.all('/auth/**', mount)",
    "app.get('/me', ({ context }) => context.signedIn?.user, { middleware: [requireUser()] })",
  ]),
  { name: 'node', title: 'node:http', isPackage: () => false, plan: planNode },
]

/** A framework in which the user adds the routes to a program of their own. */
function server(name: string, title: string, lines: readonly string[]): Framework {
  return {
    name,
    title,
    isPackage: (dependency) => dependency === name,
    plan: (project) =>
      planServer(project, {
        imports: `import { bienvenue } from 'bienvenue-auth/adapters/${name}'`,
        exports: 'export const { mount, identify, requireUser } = bienvenue(auth)',
        used: 'mount, requireUser',
        lines,
      }),
  }
}

function planNode(project: Project): Plan {
  return planServer(project, {
    imports: "import { toNodeHandler } from 'bienvenue-auth/node'",
    exports: 'export const authHandler = toNodeHandler(auth)',
    used: 'auth, authHandler',
    lines: [
      'const server = createServer(async (request, response) => {',
      "  if (request.url?.startsWith('/auth/')) return authHandler(request, response)",
      '  const signedIn = await auth.getSession(request)',
      "  if (signedIn === null) return response.writeHead(401).end('Sign in first.')",
      '  response.end(signedIn.user.email)',
      '})',
    ],
  })
}

interface ServerParts {
  readonly imports: string
  readonly exports: string
  /** What the lines use of the file. */
  readonly used: string
  readonly lines: readonly string[]
}

function planServer(project: Project, { imports, exports, used, lines }: ServerParts): Plan {
  const { isModule, isTypeScript, importsTypeScript } = project
  const folder = ['src', 'lib'].find(project.hasFolder)
  // The file is an ES module, whatever the rest of the project is.
  const letter = isModule ? '' : 'm'
  const written = `auth.${letter}${isTypeScript ? 'ts' : 'js'}`
  const imported = `auth.${letter}${isTypeScript && importsTypeScript ? 'ts' : 'js'}`
  // Programs in `src/` import from the same folder, those next to `lib/` from that folder.
  const from = folder === 'lib' ? `./lib/${imported}` : `./${imported}`
  return {
    files: [
      {
        path: folder === undefined ? written : `${folder}/${written}`,
        text: `import { createAuth } from 'bienvenue-auth'
${imports}

export const auth = await createAuth(${optionsOf(PORT)})

${exports}
`,
      },
    ],
    additions: [
      {
        to: 'your server',
        lines: isModule
          ? [`import { ${used} } from '${from}'`, ...lines]
          : [
              '// A CommonJS package (no "type": "module" in package.json) loads the file like this.',
              `import('${from}').then(({ ${used} }) => {`,
              ...lines.map((line) => `  ${line}`),
              `  ${START_HERE}`,
              '})',
            ],
      },
    ],
    port: PORT,
  }
}

/** Marks where a CommonJS server begins to listen. */
export const START_HERE = '// Then your other routes, and the call that starts the server.'

function planNext({ isTypeScript, hasFolder }: Project): Plan {
  const base = hasFolder('src/app') || (hasFolder('src') && !hasFolder('app')) ? 'src/' : ''
  const extension = isTypeScript ? 'ts' : 'js'
  const promise = isTypeScript ? ': Promise<Auth>' : ''
  return {
    files: [
      {
        path: `${base}lib/auth.${extension}`,
        text: `import { ${isTypeScript ? 'type Auth, ' : ''}createAuth } from 'bienvenue-auth'
import { bienvenue } from 'bienvenue-auth/adapters/next'

// Next.js loads this file several times: for routes, for pages, for the build, and again when it changes.
const shared = globalThis${isTypeScript ? ' as { bienvenue?: Promise<Auth> }' : ''}

/** Opens the library at the first request. */
export function getAuth()${promise} {
  shared.bienvenue ??= createAuth(${indented(optionsOf(PORT, { knowsClient: false }))})
  return shared.bienvenue
}

// Next.js does not tell the client's address. Behind a proxy, name the header that it sets, so that limits per IP address
// apply: bienvenue(getAuth, { clientIp: (request) => request.headers.get('x-real-ip') ?? undefined })
export const { getSession, requireUser, mount } = bienvenue(getAuth)
`,
      },
      {
        path: `${base}app/auth/[[...path]]/route.${extension}`,
        text: `import { mount } from '../../../lib/auth'

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = mount
`,
      },
    ],
    additions: [
      {
        to: 'the configuration in next.config, so that Next.js does not bundle the library',
        lines: ["serverExternalPackages: ['bienvenue-auth'],"],
      },
    ],
    port: PORT,
  }
}

function planSvelteKit({ isTypeScript }: Project): Plan {
  const extension = isTypeScript ? 'ts' : 'js'
  const imports = [
    "import { bienvenue } from 'bienvenue-auth/adapters/sveltekit'",
    `import { getAuth } from './lib/server/auth.${extension}'`,
  ]
  const hooks: PlannedFile = {
    path: `src/hooks.server.${extension}`,
    text: `${imports.join('\n')}

export const { handle } = bienvenue(getAuth)
`,
    otherwise: [
      "import { sequence } from '@sveltejs/kit/hooks'",
      ...imports,
      '// yourHandle is what was exported as handle until now.',
      'export const handle = sequence(bienvenue(getAuth).handle, yourHandle)',
    ],
  }
  const locals: PlannedFile = {
    path: 'src/app.d.ts',
    text: `import type { SignedIn } from 'bienvenue-auth/adapters/sveltekit'

declare global {
  namespace App {
    interface Locals {
      signedIn: SignedIn | null
    }
  }
}

export {}
`,
    otherwise: [
      "import type { SignedIn } from 'bienvenue-auth/adapters/sveltekit'",
      '// In namespace App:',
      'interface Locals {',
      '  signedIn: SignedIn | null',
      '}',
    ],
  }
  return {
    files: [
      {
        path: `src/lib/server/auth.${extension}`,
        text: lazyAuth(isTypeScript, optionsOf(VITE_PORT)),
      },
      hooks,
      ...(isTypeScript ? [locals] : []),
    ],
    additions: [],
    port: VITE_PORT,
  }
}

function planReactRouter({ isTypeScript, packages }: Project): Plan {
  const extension = isTypeScript ? 'ts' : 'js'
  const type = isTypeScript ? ': { request: Request }' : ''
  // That package finds routes by the names of their files.
  const hasFileRoutes = packages.includes('@react-router/fs-routes')
  const route = hasFileRoutes ? `routes/auth.$.${extension}` : `routes/auth.${extension}`
  return {
    files: [
      {
        path: `app/auth.server.${extension}`,
        text: lazyAuth(isTypeScript, optionsOf(VITE_PORT, { knowsClient: false })),
      },
      {
        path: `app/${route}`,
        text: `import { getAuth } from '../auth.server'

// If your server knows the client's address, pass it as { ip }. Without it, limits per IP address do not apply.
async function answer({ request }${type}) {
  return (await getAuth()).fetch(request)
}

export { answer as loader, answer as action }
`,
      },
    ],
    additions: hasFileRoutes
      ? []
      : [{ to: `the routes in app/routes.${extension}`, lines: [`route('auth/*', '${route}'),`] }],
    port: VITE_PORT,
  }
}

/** A file that opens the library at the first request, because the build loads it too. */
function lazyAuth(isTypeScript: boolean, options: string): string {
  return `import { ${isTypeScript ? 'type Auth, ' : ''}createAuth } from 'bienvenue-auth'

let auth${isTypeScript ? ': Promise<Auth> | undefined' : ''}

/** Opens the library at the first request. The build loads this file too, and needs no database. */
export function getAuth()${isTypeScript ? ': Promise<Auth>' : ''} {
  auth ??= createAuth(${indented(options)})
  return auth
}
`
}

/** @param knowsClient - Whether the framework passes on the address of the connection. */
function optionsOf(port: number, { knowsClient = true } = {}): string {
  const proxies = `
  // The proxies in front, so that limits count the addresses of clients.
  trustedProxies: process.env.BIENVENUE_TRUSTED_PROXIES,`
  return `{
  // In development, mail appears in the terminal.
  mode: process.env.NODE_ENV === 'production' ? 'production' : 'development',
  // The address of this application in a browser, and the path of the service in it.
  baseUrl: process.env.BASE_URL ?? 'http://localhost:${port}/auth',
  databaseUrl: process.env.DATABASE_URL ?? 'sqlite:bienvenue.db',
  // Production requires an https address, a key (openssl rand -base64 32) and a mail server.
  secretKey: process.env.BIENVENUE_SECRET_KEY,
  smtpUrl: process.env.SMTP_URL,
  mailFrom: process.env.BIENVENUE_MAIL_FROM,${knowsClient ? proxies : ''}
  // How pages and mails look, and where they lead.
  // serviceName: 'Blue Bottle',
  // accent: '#0a7d55',
  // logo: 'logo.png',
  // termsUrl: 'https://example.com/terms',
  // privacyUrl: 'https://example.com/privacy',
  // imprintUrl: 'https://example.com/imprint',
  // helpUrl: 'https://example.com/help',
  // supportContact: 'help@example.com',
}`
}

function indented(text: string): string {
  return text.replaceAll('\n', '\n  ')
}
