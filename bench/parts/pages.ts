/** What rendering a hosted page costs, without the service around it. */

import { type Page, renderActivity, renderSessions, renderSignIn } from '../../src/pages/index.ts'
import { lookOf } from '../../test/support/look.ts'
import { significant } from '../goals.ts'
import { quantile, spreadOf } from '../measure.ts'
import type { Section } from '../sections.ts'
import { type Bench, judgeAll } from './index.ts'

const ROUNDS = 5
/** The first ones warm up and do not count. */
const RENDERINGS = { warm: 1_000, counted: 2_000 }

const AT = new Date('2026-11-26T10:00:00Z')
const USER_AGENT = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0'
const SEEN = { ip: '2001:db8:85a3::8a2e:370:7334', userAgent: USER_AGENT }

const LOOK = lookOf({ user: { email: 'alice@example.com' } })
const FORM = { values: {}, refusal: null }

const RENDER: Readonly<Record<string, () => Page>> = {
  '`/sign_in`': () =>
    renderSignIn(lookOf(), {
      form: FORM,
      returnTo: null,
      cookiesRefused: false,
      passwordChanged: false,
      expired: false,
      unknownPasskey: null,
    }),
  '`/account/sessions`, 10 devices': () =>
    renderSessions(LOOK, {
      form: FORM,
      sessions: Array.from({ length: 10 }, (_, number) => ({
        id: `019aa65e-1c00-7abc-8def-00000000000${number}`,
        current: number === 0,
        createdAt: AT,
        lastSeenAt: AT,
        ...SEEN,
      })),
      fresh: true,
      done: null,
      part: null,
    }),
  '`/account/activity`, 50 records': () =>
    renderActivity(LOOK, {
      records: Array.from({ length: 50 }, (_, number) => ({
        at: new Date(AT.getTime() - number * 3_600_000),
        actor: 'user',
        action: 'login',
        outcome: number % 5 === 0 ? ('refused' as const) : ('success' as const),
        ...SEEN,
      })),
      part: null,
    }),
}

export async function pages({ isQuick, say }: Bench): Promise<Section> {
  say('rendering pages')
  const measured = Object.entries(RENDER).map(([name, render]) => {
    const rounds = Array.from({ length: ROUNDS }, () => timesOf(render))
    return {
      name,
      kilobytes: Buffer.byteLength(render().html) / 1_024,
      middle: rounds.map((times) => quantile(times, 0.5)),
      slow: rounds.map((times) => quantile(times, 0.99)),
    }
  })
  const slowest = measured.toSorted((a, b) => spreadOf(b.middle).median - spreadOf(a.middle).median)[0]
  return {
    name: 'pages',
    title: 'Rendering a page',
    paragraphs: [
      `From the data of a page to its HTML, without the service around it: ${ROUNDS} rounds of ${RENDERINGS.counted.toLocaleString('en')} renderings in one process. The goal is for the median of the slowest page: the 99th percentile is also that of other programs on the machine.`,
    ],
    tables: [
      {
        columns: ['Page', 'HTML, KB', 'p50, ms', 'p99, ms'],
        rows: measured.map(({ name, kilobytes, middle, slow }) => [
          name,
          significant(kilobytes),
          significant(spreadOf(middle).median),
          significant(spreadOf(slow).median),
        ]),
      },
    ],
    goals: judgeAll({ page_render: slowest?.middle }, isQuick),
  }
}

/** In milliseconds. */
function timesOf(render: () => Page): number[] {
  for (let time = 0; time < RENDERINGS.warm; time++) render()
  return Array.from({ length: RENDERINGS.counted }, () => {
    const started = performance.now()
    render()
    return performance.now() - started
  })
}
