import type { pages as english } from '../en/pages.ts'
import { errors } from './errors.ts'

const INCOMPLETE = {
  heading: 'Dieser Link ist unvollständig',
  paragraphs: [
    'Damit der Link geheim bleibt, vergisst ihn diese Seite, sobald Sie sie neu laden oder schließen.',
    'Öffnen Sie den Link in der E-Mail noch einmal, oder kopieren Sie ihn vollständig in Ihren Browser.',
  ],
}

export const pages: typeof english = {
  reveal: 'Passwort anzeigen',
  resetPassword: {
    ask: {
      heading: 'Wählen Sie ein neues Passwort',
      paragraphs: ['Es ersetzt Ihr bisheriges Passwort. Dabei werden Sie auf allen Geräten abgemeldet.'],
      label: 'Neues Passwort',
      hint: 'Mehrere Wörter ohne Zusammenhang sind leicht zu merken und schwer zu erraten.',
      submit: 'Passwort speichern',
      sending: 'Wird gespeichert…',
    },
    done: {
      heading: 'Ihr Passwort wurde geändert',
      paragraphs: [
        'Sie wurden auf allen Geräten abgemeldet. Melden Sie sich mit dem neuen Passwort an.',
        'Sie können diese Seite schließen.',
      ],
    },
    invalidLink: {
      heading: 'Dieser Link ist nicht mehr gültig',
      paragraphs: [
        'Ein Link funktioniert nur einmal und nur für begrenzte Zeit.',
        'Wenn Sie damit gerade ein Passwort festgelegt haben, melden Sie sich mit diesem Passwort an. Andernfalls fordern Sie einen neuen Link an.',
      ],
    },
    incomplete: INCOMPLETE,
    noScript:
      'Diese Seite braucht JavaScript, um das Passwort zu speichern. Aktivieren Sie JavaScript und laden Sie die Seite neu.',
    passwordProblems: errors.newPassword,
  },
  resetKeepsSessions: {
    ask: ['Es ersetzt Ihr bisheriges Passwort. Ihre anderen Geräte bleiben angemeldet.'],
    done: ['Melden Sie sich mit dem neuen Passwort an.', 'Sie können diese Seite schließen.'],
  },
  confirmEmail: {
    ask: {
      heading: 'Bestätigen Sie Ihre E-Mail-Adresse',
      paragraphs: [
        'Geben Sie das Passwort Ihres Kontos ein. So zeigen Sie, dass Ihnen das Konto gehört und nicht nur die Adresse.',
        'Wenn Sie nichts angefordert haben, schließen Sie diese Seite. Es ändert sich nichts.',
      ],
      label: 'Passwort',
      hint: '',
      submit: 'Adresse bestätigen',
      sending: 'Wird bestätigt…',
    },
    done: {
      heading: 'Ihre E-Mail-Adresse ist bestätigt',
      paragraphs: ['Melden Sie sich ab jetzt mit dieser Adresse an.', 'Sie können diese Seite schließen.'],
    },
    invalidLink: {
      heading: 'Dieser Link ist nicht mehr gültig',
      paragraphs: [
        'Ein Link funktioniert nur einmal und nur für begrenzte Zeit.',
        'Wenn Sie diese Adresse bereits bestätigt haben, melden Sie sich an. Andernfalls fordern Sie einen neuen Link an.',
      ],
    },
    incomplete: INCOMPLETE,
    noScript:
      'Diese Seite braucht JavaScript, um die Adresse zu bestätigen. Aktivieren Sie JavaScript und laden Sie die Seite neu.',
    passwordProblems: errors.currentPassword,
  },
  problems: errors.request,
}
