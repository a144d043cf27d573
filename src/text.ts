/**
 * Every sentence that a person reads in a mail or on a page, in every language we speak: wording and
 * translation are here and nowhere else.
 *
 * @module
 */

/** The languages, the default one first. */
export const LOCALES = ['en', 'fr'] as const
export type Locale = (typeof LOCALES)[number]

/** What one mail says, in this order. */
export interface MailWords {
  readonly subject: string
  /** Paragraphs. In a mail with a link, the last one leads up to it. */
  readonly before: readonly string[]
  /** In a mail with a link: what following it does, as the words on a button. */
  readonly action?: string
  /** Lines on when and where it happened. */
  readonly facts?: readonly string[]
  /** Paragraphs. */
  readonly after: readonly string[]
}

/** When and where somebody signed in, in words; `null` for what is not known. */
export interface SignInWords {
  readonly time: string
  readonly device: string | null
  readonly ip: string | null
}

/**
 * The mails in one language. Values come in words: `service` is the host name of the service, `duration` a span
 * of time, `newEmail` a masked address.
 */
export interface MailTexts {
  /** The language tag that dates, spans of time and numbers are written by. */
  readonly formats: string
  readonly greeting: string
  /** Leads up to the link itself, below its button. */
  readonly copyLink: string
  verifyEmail(service: string, duration: string): MailWords
  accountExists(service: string, duration: string): MailWords
  resetPassword(service: string, duration: string): MailWords
  confirmNewEmail(service: string, duration: string): MailWords
  emailChangeRequested(service: string, newEmail: string): MailWords
  emailChanged(service: string, newEmail: string): MailWords
  passwordChanged(service: string): MailWords
  /** `signIns` are the last ones of `count`, one or more. */
  newDevice(service: string, signIns: readonly SignInWords[], count: number): MailWords
  signedInAfterFailures(service: string, signIn: SignInWords, failures: number): MailWords
  accountDeleted(service: string): MailWords
  test(service: string): MailWords
}

function onOneLine({ time, device, ip }: SignInWords): string {
  return [time, device, ip].filter((word) => word !== null).join(', ')
}

const EN = {
  itWasYou: 'If it was you, there is nothing to do.',
  ignore: 'If it was not you, ignore this message: nothing happens without you.',
  onceWithin: (duration: string) => `The link works once and expires after ${duration}.`,
  changePassword: (service: string) =>
    `If it was not you, somebody else can get into your account. Go to ${service} at once, change your password and end all other sessions.`,
  // Whoever forges such a notice wants a click.
  noLink: (service: string) =>
    `This message holds no link, on purpose: open ${service} in your browser as you always do.`,
  facts: ({ time, device, ip }: SignInWords) => [
    `Time: ${time}`,
    ...(device === null ? [] : [`Device: ${device}`]),
    ...(ip === null ? [] : [`IP address: ${ip}`]),
  ],
}

const FR = {
  itWasYou: 'Si c’était vous, vous n’avez rien à faire.',
  ignore: 'Si ce n’était pas vous, ignorez ce message\u00a0: rien ne se passera sans vous.',
  onceWithin: (duration: string) => `Ce lien ne fonctionne qu’une fois et reste valable ${duration}.`,
  changePassword: (service: string) =>
    `Si ce n’était pas vous, quelqu’un d’autre a accès à votre compte. Rendez-vous sans attendre sur ${service}, changez votre mot de passe et fermez toutes les autres sessions.`,
  noLink: (service: string) =>
    `Ce message ne contient volontairement aucun lien\u00a0: ouvrez ${service} dans votre navigateur comme vous en avez l’habitude.`,
  facts: ({ time, device, ip }: SignInWords) => [
    `Date et heure\u00a0: ${time}`,
    ...(device === null ? [] : [`Appareil\u00a0: ${device}`]),
    ...(ip === null ? [] : [`Adresse IP\u00a0: ${ip}`]),
  ],
}

/** The mails in every language. */
export const MAIL: Readonly<Record<Locale, MailTexts>> = {
  en: {
    formats: 'en-GB',
    greeting: 'Hello,',
    copyLink: 'Or copy this link into your browser:',
    verifyEmail: (service, duration) => ({
      subject: `Confirm your email address for ${service}`,
      before: [
        `Somebody, probably you, opened an account at ${service} with this address. Confirm that the address is yours:`,
      ],
      action: 'Confirm this address',
      after: [EN.onceWithin(duration), EN.ignore],
    }),
    accountExists: (service, duration) => ({
      subject: `You already have an account at ${service}`,
      before: [
        `Somebody tried to open an account at ${service} with this address, which has one already.`,
        'If it was you, sign in with your password. If you have forgotten it, set a new one with this link:',
      ],
      action: 'Set a new password',
      after: [
        EN.onceWithin(duration),
        'If it was not you, ignore this message: your account stays as it is.',
      ],
    }),
    resetPassword: (service, duration) => ({
      subject: `Set a new password for ${service}`,
      before: [
        `Somebody, probably you, asked for a new password for your account at ${service}. Set it with this link:`,
      ],
      action: 'Set a new password',
      after: [
        EN.onceWithin(duration),
        'If it was not you, ignore this message: your password stays as it is.',
      ],
    }),
    confirmNewEmail: (service, duration) => ({
      subject: `Confirm your new email address for ${service}`,
      before: [
        `Somebody, probably you, wants an account at ${service} to have this address from now on. Confirm that the address is yours:`,
      ],
      action: 'Confirm this address',
      after: [EN.onceWithin(duration), EN.ignore],
    }),
    emailChangeRequested: (service, newEmail) => ({
      subject: `A new email address for your account at ${service}`,
      before: [
        `Somebody, probably you, asked for the address of your account at ${service} to become ${newEmail}. It will, once that address is confirmed.`,
      ],
      after: [
        EN.itWasYou,
        `${EN.changePassword(service)} A new password also cancels this request.`,
        EN.noLink(service),
      ],
    }),
    emailChanged: (service, newEmail) => ({
      subject: `The email address of your account at ${service} has changed`,
      before: [
        `The address of your account at ${service} is now ${newEmail}. The address that this message went to no longer belongs to the account.`,
      ],
      after: [
        EN.itWasYou,
        `If it was not you, somebody else has taken over your account. Tell the people who run ${service} at once: you can no longer set a new password by way of this address.`,
        EN.noLink(service),
      ],
    }),
    passwordChanged: (service) => ({
      subject: `The password of your account at ${service} has changed`,
      before: [`The password of your account at ${service} has been changed.`],
      after: [
        EN.itWasYou,
        `If it was not you, somebody else can get into your account. Go to ${service} at once, say that you have forgotten your password, set a new one and end all other sessions.`,
        EN.noLink(service),
      ],
    }),
    newDevice: (service, signIns, count) => ({
      subject:
        count === 1
          ? `A new device signed in to your account at ${service}`
          : `New devices signed in to your account at ${service}`,
      before: [
        count === 1
          ? `Somebody signed in to your account at ${service} from a device that is new to it.`
          : `There were ${count} sign-ins to your account at ${service} from devices that are new to it. ${signIns.length < count ? 'The last ones' : 'These'} were:`,
      ],
      facts: count === 1 ? signIns.flatMap(EN.facts) : signIns.map(onOneLine),
      after: [EN.itWasYou, EN.changePassword(service), EN.noLink(service)],
    }),
    signedInAfterFailures: (service, signIn, failures) => ({
      subject: `Sign-in to your account at ${service} after failed attempts`,
      before: [
        `Somebody signed in to your account at ${service} after ${failures} failed ${failures === 1 ? 'attempt' : 'attempts'}.`,
      ],
      facts: EN.facts(signIn),
      after: [EN.itWasYou, EN.changePassword(service), EN.noLink(service)],
    }),
    accountDeleted: (service) => ({
      subject: `Your account at ${service} has been deleted`,
      before: [`Your account at ${service} has been deleted. Nobody can sign in to it any more.`],
      after: [
        EN.itWasYou,
        `If it was not you, tell the people who run ${service} at once.`,
        EN.noLink(service),
      ],
    }),
    test: (service) => ({
      subject: `Test message from ${service}`,
      before: [`This is a test. You are reading it, so ${service} can send mail.`],
      after: ['There is nothing to do.'],
    }),
  },

  fr: {
    formats: 'fr-FR',
    greeting: 'Bonjour,',
    copyLink: 'Vous pouvez aussi copier ce lien dans votre navigateur\u00a0:',
    verifyEmail: (service, duration) => ({
      subject: `Confirmez votre adresse e-mail pour ${service}`,
      before: [
        `Quelqu’un, sans doute vous, a ouvert un compte sur ${service} avec cette adresse. Confirmez qu’elle est bien la vôtre\u00a0:`,
      ],
      action: 'Confirmer cette adresse',
      after: [FR.onceWithin(duration), FR.ignore],
    }),
    accountExists: (service, duration) => ({
      subject: `Vous avez déjà un compte sur ${service}`,
      before: [
        `Quelqu’un a essayé d’ouvrir un compte sur ${service} avec cette adresse, qui en a déjà un.`,
        'Si c’était vous, connectez-vous avec votre mot de passe. Si vous l’avez oublié, choisissez-en un nouveau grâce à ce lien\u00a0:',
      ],
      action: 'Choisir un nouveau mot de passe',
      after: [
        FR.onceWithin(duration),
        'Si ce n’était pas vous, ignorez ce message\u00a0: votre compte reste tel qu’il est.',
      ],
    }),
    resetPassword: (service, duration) => ({
      subject: `Choisissez un nouveau mot de passe pour ${service}`,
      before: [
        `Quelqu’un, sans doute vous, a demandé un nouveau mot de passe pour votre compte sur ${service}. Choisissez-le grâce à ce lien\u00a0:`,
      ],
      action: 'Choisir un nouveau mot de passe',
      after: [
        FR.onceWithin(duration),
        'Si ce n’était pas vous, ignorez ce message\u00a0: votre mot de passe reste tel qu’il est.',
      ],
    }),
    confirmNewEmail: (service, duration) => ({
      subject: `Confirmez votre nouvelle adresse e-mail pour ${service}`,
      before: [
        `Quelqu’un, sans doute vous, souhaite que cette adresse soit désormais celle d’un compte sur ${service}. Confirmez qu’elle est bien la vôtre\u00a0:`,
      ],
      action: 'Confirmer cette adresse',
      after: [FR.onceWithin(duration), FR.ignore],
    }),
    emailChangeRequested: (service, newEmail) => ({
      subject: `Une nouvelle adresse e-mail pour votre compte sur ${service}`,
      before: [
        `Quelqu’un, sans doute vous, a demandé que l’adresse de votre compte sur ${service} devienne ${newEmail}. Ce sera le cas dès que cette adresse aura été confirmée.`,
      ],
      after: [
        FR.itWasYou,
        `${FR.changePassword(service)} Un nouveau mot de passe annule aussi cette demande.`,
        FR.noLink(service),
      ],
    }),
    emailChanged: (service, newEmail) => ({
      subject: `L’adresse e-mail de votre compte sur ${service} a changé`,
      before: [
        `L’adresse de votre compte sur ${service} est désormais ${newEmail}. L’adresse à laquelle vous recevez ce message n’est plus associée au compte.`,
      ],
      after: [
        FR.itWasYou,
        `Si ce n’était pas vous, quelqu’un d’autre s’est emparé de votre compte. Prévenez sans attendre les responsables du service ${service}\u00a0: cette adresse ne vous permet plus de choisir un nouveau mot de passe.`,
        FR.noLink(service),
      ],
    }),
    passwordChanged: (service) => ({
      subject: `Le mot de passe de votre compte sur ${service} a changé`,
      before: [`Le mot de passe de votre compte sur ${service} a été changé.`],
      after: [
        FR.itWasYou,
        `Si ce n’était pas vous, quelqu’un d’autre a accès à votre compte. Rendez-vous sans attendre sur ${service}, indiquez que vous avez oublié votre mot de passe, choisissez-en un nouveau et fermez toutes les autres sessions.`,
        FR.noLink(service),
      ],
    }),
    newDevice: (service, signIns, count) => ({
      subject:
        count === 1
          ? `Un nouvel appareil s’est connecté à votre compte sur ${service}`
          : `De nouveaux appareils se sont connectés à votre compte sur ${service}`,
      before: [
        count === 1
          ? `Quelqu’un s’est connecté à votre compte sur ${service} depuis un appareil qui n’avait encore jamais servi à le faire.`
          : `Il y a eu ${count} connexions à votre compte sur ${service} depuis des appareils qui n’avaient encore jamais servi à le faire. ${signIns.length < count ? 'Voici les dernières' : 'Les voici'}\u00a0:`,
      ],
      facts: count === 1 ? signIns.flatMap(FR.facts) : signIns.map(onOneLine),
      after: [FR.itWasYou, FR.changePassword(service), FR.noLink(service)],
    }),
    signedInAfterFailures: (service, signIn, failures) => ({
      subject: `Connexion à votre compte sur ${service} après des tentatives échouées`,
      before: [
        `Quelqu’un s’est connecté à votre compte sur ${service} après ${failures} ${failures < 2 ? 'tentative échouée' : 'tentatives échouées'}.`,
      ],
      facts: FR.facts(signIn),
      after: [FR.itWasYou, FR.changePassword(service), FR.noLink(service)],
    }),
    accountDeleted: (service) => ({
      subject: `Votre compte sur ${service} a été supprimé`,
      before: [`Votre compte sur ${service} a été supprimé. Plus personne ne peut s’y connecter.`],
      after: [
        FR.itWasYou,
        `Si ce n’était pas vous, prévenez sans attendre les responsables du service ${service}.`,
        FR.noLink(service),
      ],
    }),
    test: (service) => ({
      subject: `Message d’essai du service ${service}`,
      before: [
        `Ceci est un essai. Si vous le lisez, c’est que le service ${service} sait envoyer des e-mails.`,
      ],
      after: ['Vous n’avez rien à faire.'],
    }),
  },
}

/** One state of a page. */
export interface PanelWords {
  readonly heading: string
  readonly paragraphs: readonly string[]
}

/** A page behind a link in a mail, which asks for a password. `Problem` is what may be wrong with it: error codes. */
export interface PasswordPageWords<Problem extends string = string> {
  /** What it asks. */
  readonly ask: PanelWords & {
    readonly label: string
    /** Below the field; empty for none. */
    readonly hint: string
    readonly submit: string
    /** On the button, while the answer is awaited. */
    readonly sending: string
  }
  readonly done: PanelWords
  /** The token is unknown, used, expired or replaced. */
  readonly invalidLink: PanelWords
  /** The link came without its token. */
  readonly incomplete: PanelWords
  readonly noScript: string
  /** A name in braces stands for a number that comes with the refusal. */
  readonly passwordProblems: Readonly<Record<Problem, string>>
}

/** The hosted pages in one language. */
export interface PageTexts {
  /** What the switch beside a password does. */
  readonly reveal: string
  readonly resetPassword: PasswordPageWords<
    | 'missing_field'
    | 'invalid_field'
    | 'password_too_short'
    | 'password_too_long'
    | 'password_too_common'
    | 'password_breached'
    | 'password_guessable'
  >
  /** The paragraphs of `resetPassword` in a service whose resets leave the sessions of the account alone. */
  readonly resetKeepsSessions: { readonly ask: readonly string[]; readonly done: readonly string[] }
  readonly confirmEmail: PasswordPageWords<
    'missing_field' | 'invalid_field' | 'invalid_credentials' | 'password_too_long'
  >
  /**
   * What else may go wrong, by error code. `too_many_attempts_until` has the wait in words for `{time}`;
   * `no_answer` is for no answer at all, `internal_error` for every other code.
   */
  readonly problems: Readonly<
    Record<
      'too_many_attempts' | 'too_many_attempts_until' | 'unavailable' | 'no_answer' | 'internal_error',
      string
    >
  >
}

/** The hosted pages in every language. */
export const PAGES: Readonly<Record<Locale, PageTexts>> = {
  en: {
    reveal: 'Show the password',
    resetPassword: {
      ask: {
        heading: 'Choose a new password',
        paragraphs: ['It replaces the old one and ends every session of your account, on all your devices.'],
        label: 'New password',
        hint: 'A few words in a row are easy to remember and hard to guess.',
        submit: 'Set the password',
        sending: 'Setting the password…',
      },
      done: {
        heading: 'Your password is set',
        paragraphs: [
          'Every session of your account has ended. Sign in again with the new password.',
          'You can close this page.',
        ],
      },
      invalidLink: {
        heading: 'This link is not valid any more',
        paragraphs: [
          'It works once and for a limited time, and a newer link replaces it.',
          'If you have just set a password with it, sign in with that password. Otherwise ask for a new link.',
        ],
      },
      incomplete: {
        heading: 'Part of the link is missing',
        paragraphs: [
          'To keep the link secret, this page forgets it when it is reloaded or closed.',
          'Open the link in the mail again, or copy all of it into your browser.',
        ],
      },
      noScript: 'This page needs JavaScript to set the password. Allow it here, then reload the page.',
      passwordProblems: {
        missing_field: 'Type a new password.',
        invalid_field: 'This password has characters that cannot be used. Choose another one.',
        password_too_short: 'Use at least {min_length} characters.',
        password_too_long:
          'Use at most {max_bytes} characters. Accented letters and emoji count as more than one.',
        password_too_common:
          'This password is one of the most common ones, which are guessed first. Choose another one.',
        password_breached: 'This password has been seen in a breach of another service. Choose another one.',
        password_guessable:
          'This password is little more than your address or the name of this service. Choose another one.',
      },
    },
    resetKeepsSessions: {
      ask: ['It replaces the old one. Your other devices stay signed in.'],
      done: ['Sign in with the new password.', 'You can close this page.'],
    },
    confirmEmail: {
      ask: {
        heading: 'Confirm your email address',
        paragraphs: [
          'Type the password of your account: it shows that the account is yours as well as the address.',
          'If you did not ask for this, close this page, and nothing happens.',
        ],
        label: 'Password',
        hint: '',
        submit: 'Confirm this address',
        sending: 'Confirming…',
      },
      done: {
        heading: 'Your email address is confirmed',
        paragraphs: ['From now on, sign in with this address.', 'You can close this page.'],
      },
      invalidLink: {
        heading: 'This link is not valid any more',
        paragraphs: [
          'It works once and for a limited time, and a newer link replaces it.',
          'If you have confirmed the address already, sign in. Otherwise ask for a new link.',
        ],
      },
      incomplete: {
        heading: 'Part of the link is missing',
        paragraphs: [
          'To keep the link secret, this page forgets it when it is reloaded or closed.',
          'Open the link in the mail again, or copy all of it into your browser.',
        ],
      },
      noScript: 'This page needs JavaScript to confirm the address. Allow it here, then reload the page.',
      passwordProblems: {
        missing_field: 'Type the password of your account.',
        invalid_field: 'This is not the password of the account. Try again.',
        invalid_credentials: 'This is not the password of the account. Try again.',
        password_too_long: 'This is not the password of the account. Try again.',
      },
    },
    problems: {
      too_many_attempts: 'There were too many attempts. Try again later.',
      too_many_attempts_until: 'There were too many attempts. Try again in {time}.',
      unavailable: 'The service is not available at the moment. Try again shortly.',
      no_answer: 'The service cannot be reached. Check your connection and try again.',
      internal_error: 'Something went wrong. Try again later.',
    },
  },

  fr: {
    reveal: 'Afficher le mot de passe',
    resetPassword: {
      ask: {
        heading: 'Choisissez un nouveau mot de passe',
        paragraphs: [
          'Il remplacera l’ancien et fermera toutes les sessions de votre compte, sur tous vos appareils.',
        ],
        label: 'Nouveau mot de passe',
        hint: 'Une suite de quelques mots est facile à retenir et difficile à deviner.',
        submit: 'Enregistrer le mot de passe',
        sending: 'Enregistrement…',
      },
      done: {
        heading: 'Votre mot de passe est enregistré',
        paragraphs: [
          'Toutes les sessions de votre compte sont fermées. Reconnectez-vous avec le nouveau mot de passe.',
          'Vous pouvez fermer cette page.',
        ],
      },
      invalidLink: {
        heading: 'Ce lien n’est plus valable',
        paragraphs: [
          'Il ne fonctionne qu’une fois et pour une durée limitée, et un lien plus récent le remplace.',
          'Si vous venez de l’utiliser pour choisir un mot de passe, connectez-vous avec celui-ci. Sinon, demandez un nouveau lien.',
        ],
      },
      incomplete: {
        heading: 'Le lien est incomplet',
        paragraphs: [
          'Pour que le lien reste secret, cette page l’oublie dès qu’elle est rechargée ou fermée.',
          'Ouvrez de nouveau le lien reçu par e-mail, ou copiez-le en entier dans votre navigateur.',
        ],
      },
      noScript:
        'Cette page a besoin de JavaScript pour enregistrer le mot de passe. Autorisez-le ici, puis rechargez la page.',
      passwordProblems: {
        missing_field: 'Saisissez un nouveau mot de passe.',
        invalid_field:
          'Ce mot de passe contient des caractères qui ne peuvent pas être utilisés. Choisissez-en un autre.',
        password_too_short: 'Utilisez au moins {min_length} caractères.',
        password_too_long:
          'Utilisez au plus {max_bytes} caractères. Les lettres accentuées et les émojis comptent pour plusieurs.',
        password_too_common:
          'Ce mot de passe est l’un des plus courants, ceux que l’on essaie en premier. Choisissez-en un autre.',
        password_breached:
          'Ce mot de passe a été divulgué lors d’une fuite de données d’un autre service. Choisissez-en un autre.',
        password_guessable:
          'Ce mot de passe n’est guère plus que votre adresse ou le nom de ce service. Choisissez-en un autre.',
      },
    },
    resetKeepsSessions: {
      ask: ['Il remplacera l’ancien. Vos autres appareils resteront connectés.'],
      done: ['Connectez-vous avec le nouveau mot de passe.', 'Vous pouvez fermer cette page.'],
    },
    confirmEmail: {
      ask: {
        heading: 'Confirmez votre adresse e-mail',
        paragraphs: [
          'Saisissez le mot de passe de votre compte\u00a0: il montre que le compte est à vous, comme l’adresse.',
          'Si vous n’avez rien demandé, fermez cette page, et rien ne se passera.',
        ],
        label: 'Mot de passe',
        hint: '',
        submit: 'Confirmer cette adresse',
        sending: 'Confirmation…',
      },
      done: {
        heading: 'Votre adresse e-mail est confirmée',
        paragraphs: ['Désormais, connectez-vous avec cette adresse.', 'Vous pouvez fermer cette page.'],
      },
      invalidLink: {
        heading: 'Ce lien n’est plus valable',
        paragraphs: [
          'Il ne fonctionne qu’une fois et pour une durée limitée, et un lien plus récent le remplace.',
          'Si vous avez déjà confirmé l’adresse, connectez-vous. Sinon, demandez un nouveau lien.',
        ],
      },
      incomplete: {
        heading: 'Le lien est incomplet',
        paragraphs: [
          'Pour que le lien reste secret, cette page l’oublie dès qu’elle est rechargée ou fermée.',
          'Ouvrez de nouveau le lien reçu par e-mail, ou copiez-le en entier dans votre navigateur.',
        ],
      },
      noScript:
        'Cette page a besoin de JavaScript pour confirmer l’adresse. Autorisez-le ici, puis rechargez la page.',
      passwordProblems: {
        missing_field: 'Saisissez le mot de passe de votre compte.',
        invalid_field: 'Ce n’est pas le mot de passe du compte. Réessayez.',
        invalid_credentials: 'Ce n’est pas le mot de passe du compte. Réessayez.',
        password_too_long: 'Ce n’est pas le mot de passe du compte. Réessayez.',
      },
    },
    problems: {
      too_many_attempts: 'Il y a eu trop de tentatives. Réessayez plus tard.',
      too_many_attempts_until: 'Il y a eu trop de tentatives. Réessayez dans {time}.',
      unavailable: 'Le service n’est pas disponible pour le moment. Réessayez dans un instant.',
      no_answer: 'Le service est injoignable. Vérifiez votre connexion et réessayez.',
      internal_error: 'Une erreur s’est produite. Réessayez plus tard.',
    },
  },
}
