/** The attacks that worked on comparable services, each with the file that replays it or the feature it waits for. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const FOLDER = 'test/attacks'

type Place = `${string}.test.ts` | `waits: ${string}`

/** Grouped by topic. */
const ATTACKS: Readonly<Record<string, Readonly<Record<string, Place>>>> = {
  'Reset and mailed links': {
    'CVE-2025-64101': 'mailed-links.test.ts',
    'CVE-2026-29067': 'mailed-links.test.ts',
    'GHSA-3529-5m8x-rpv3': 'mailed-links.test.ts',
    'CVE-2026-18963': 'password-reset.test.ts',
    'GHSA-qw9g-7549-7wg5': 'password-reset.test.ts',
    'CVE-2026-105211': 'password-reset.test.ts',
    'supabase/auth#2600': 'mailboxes.test.ts',
    'classic teaching services': 'password-reset.test.ts',
  },
  Sessions: {
    'CVE-2026-7507': 'sessions.test.ts',
    'CVE-2025-29928': 'sessions.test.ts',
    'CVE-2025-53942': 'sessions.test.ts',
    'GHSA-xg6x-h9c9-2m83': 'second-factors.test.ts',
    'CVE-2025-64762': 'sessions.test.ts',
    'GHSA-m2qf-hxjv-5gpq': 'sessions.test.ts',
  },
  'Second factors and passkeys': {
    'CVE-2025-64103': 'second-factors.test.ts',
    'CVE-2025-66489': 'second-factors.test.ts',
    'GHSA-wc43-73w7-x2f5': 'second-factors.test.ts',
    'CVE-2026-94218': 'second-factors.test.ts',
    'CVE-2026-119128': 'second-factors.test.ts',
    'better-auth #9552': 'second-factors.test.ts',
    'better-auth #10322': 'second-factors.test.ts',
    'better-auth #11287': 'second-factors.test.ts',
    'CVE-2026-82466': 'passkeys.test.ts',
    'Kanidm before 1.10': 'passkeys.test.ts',
  },
  Guessing: {
    'CVE-2024-4629': 'guessing.test.ts',
    'CVE-2023-47111': 'guessing.test.ts',
    'CVE-2026-9798': 'guessing.test.ts',
    'CVE-2025-64102': 'mailed-codes.test.ts',
    'CVE-2026-123521': 'guessing.test.ts',
    'CVE-2026-45364': 'guessing.test.ts',
    'allauth 65.14.1': 'guessing.test.ts',
  },
  'Linking and OAuth': {
    'CVE-2026-44166': 'linking.test.ts',
    'CVE-2024-38351': 'linking.test.ts',
    'arXiv 2205.10174': 'linking.test.ts',
    'CVE-2026-9092': 'providers.test.ts',
    'CVE-2026-31813': 'providers.test.ts',
    'CVE-2025-7365': 'providers.test.ts',
    'CVE-2026-9087': 'providers.test.ts',
    'CVE-2025-68481': 'providers.test.ts',
    'CVE-2025-46815': 'providers.test.ts',
  },
  'Finding out who has an account': {
    'CVE-2023-39522': 'enumeration.test.ts',
    'CVE-2026-23511': 'enumeration.test.ts',
    'CVE-2021-3754': 'enumeration.test.ts',
  },
  'Input and authorisation': {
    'CVE-2026-33503': 'waits: lists that are paged over HTTP',
    'CVE-2024-47070': 'input.test.ts',
    'CVE-2026-129550': 'input.test.ts',
    'CVE-2025-66385': 'input.test.ts',
    'CVE-2026-15630': 'input.test.ts',
    'CVE-2023-34927': 'input.test.ts',
    'CVE-2025-61928': 'waits: API keys',
    'CVE-2026-1529': 'waits: invitations',
    'CVE-2022-23555': 'waits: invitations',
    'CVE-2023-49438': 'input.test.ts',
    'CVE-2026-55671': 'waits: webhooks',
    'RAUTHY-007': 'input.test.ts',
    'Okta, October 2024': 'input.test.ts',
  },
}

/** The features that attacks wait for, each with a pattern that their routes or fields would match. */
const AWAITED: Readonly<Record<string, RegExp>> = {
  'lists that are paged over HTTP': /page|cursor/,
  'API keys': /api.?key|machine/,
  invitations: /invit/,
  webhooks: /hook/,
}

const PLACES = new Map(Object.values(ATTACKS).flatMap((ofHeading) => Object.entries(ofHeading)))

/** Test names as written in the source, including those of `it.each`. */
const NAMES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.test.ts') && file !== 'index.test.ts')
  .flatMap((file) =>
    [
      ...readFileSync(`${FOLDER}/${file}`, 'utf8').matchAll(
        /^ +'([^']+)',$|(?:\bit(?:\.each)?|^ +\]\))\('([^']+)'/gm,
      ),
    ].map(([, alone, inline]) => ({ file, name: inline ?? alone ?? '' })),
  )

/** Anything in the form of an id, listed above or not. */
const ID_FORM =
  /\b(?:CVE-\d{4}-\d+|GHSA(?:-\w{4}){3}|RAUTHY-\d+|arXiv [\d.]+|(?:better-)?\w+ ?#\d+|[\w-]+\/[\w-]+#\d+)/g

/** The ids at the start of a name. */
function idsOf(name: string): string[] {
  const ids: string[] = []
  let rest = name
  for (;;) {
    const id = [...PLACES.keys()].find(
      (known) => rest.startsWith(`${known}:`) || rest.startsWith(`${known}, `),
    )
    if (id === undefined) return rest === name ? [] : ids
    ids.push(id)
    rest = rest.slice(id.length + 2)
  }
}

it('every attack has a test in its file, or waits for a missing feature', async () => {
  const { OPERATIONS } = await import('../../src/api/index.ts')
  const routes = OPERATIONS.map(({ path, body }) => [path, ...Object.keys(body?.shape ?? {})].join(' ')).join(
    '\n',
  )
  for (const [id, place] of PLACES) {
    const files = new Set(NAMES.filter(({ name }) => idsOf(name).includes(id)).map(({ file }) => file))
    const [, feature] = /^waits: (.+)$/.exec(place) ?? []
    if (feature === undefined) {
      expect([...files], id).toEqual([place])
    } else {
      expect([...files], id).toEqual([])
      expect(routes, `${id} waits for ${feature}, which exists now`).not.toMatch(
        AWAITED[feature] ?? expect.unreachable(feature),
      )
    }
  }
})

it('test names contain only ids from the table, and only at the start', () => {
  for (const { file, name } of NAMES) {
    const known = idsOf(name)
    const found = (name.match(ID_FORM) ?? []).filter((id) => !known.includes(id))
    expect(found, `${file}: ${name}`).toEqual([])
  }
  expect(NAMES.flatMap(({ name }) => idsOf(name)).length).toBeGreaterThanOrEqual(30)
})
