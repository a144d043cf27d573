import { visible } from '../lib/visible.ts'
import type { Mailer } from './index.ts'

/**
 * A mailer for development that prints mail instead of sending it: recipient, subject and plain text, with links.
 *
 * Control and formatting characters are escaped, as in `\u{1b}`, so that a mail cannot manipulate the terminal.
 *
 * @param write - Called with complete lines, such as `process.stderr.write`.
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
