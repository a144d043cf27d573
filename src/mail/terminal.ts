import { visible } from '../lib/visible.ts'
import type { Mailer } from './index.ts'

/**
 * Shows mail instead of sending it, for development: the headers that matter, then the text part, links and all.
 *
 * What would move the cursor, colour the screen or turn letters around is spelled out, as in `\u{1b}`.
 *
 * @param write - Takes whole lines: `process.stderr.write` will do.
 */
export function openTerminalMailer(write: (text: string) => void): Mailer {
  return {
    async send({ to, subject, text }) {
      const body = text.trimEnd().split('\n').map(visible)
      write(`${[RULE, `To: ${visible(to)}`, `Subject: ${visible(subject)}`, '', ...body, RULE].join('\n')}\n`)
    },
    close() {},
  }
}

const RULE = '-'.repeat(72)
