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
  'node-http': { app: 'examples/node-http.ts' },
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
