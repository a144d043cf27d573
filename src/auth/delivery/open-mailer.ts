import type { Mailer } from '../../mail/index.ts'
import { TERMINAL_MAIL } from '../../mail/settings.ts'
import type { Options } from '../../options/index.ts'

/**
 * The mailer of the options, or `null` if mail is not configured. Loads the packages for mail only when they are
 * needed.
 */
export async function openMailer({ smtpUrl, mailFrom, baseUrl }: Options): Promise<Mailer | null> {
  if (smtpUrl === '') return null
  if (smtpUrl === TERMINAL_MAIL) {
    const { openTerminalMailer } = await import('../../mail/terminal.ts')
    return openTerminalMailer((text) => void process.stderr.write(text))
  }
  return withFirstMail(async () => {
    const { openSmtp } = await import('../../mail/smtp.ts')
    return openSmtp({ url: smtpUrl, from: mailFrom, helloName: URL.parse(baseUrl)?.hostname })
  })
}

/** Opens the mailer for the first mail, because loading the SMTP package takes memory and tens of milliseconds. */
export function withFirstMail(open: () => Promise<Mailer>): Mailer {
  let opened: Promise<Mailer> | undefined
  return {
    async send(mail) {
      opened ??= open().catch((error: unknown) => {
        // Try again with the next mail.
        opened = undefined
        throw error
      })
      await (await opened).send(mail)
    },
    close: () => void opened?.then((mailer) => mailer.close()).catch(() => {}),
  }
}
