import type { mail as english } from '../en/mail.ts'

const IGNORE =
  'Si ce n’était pas vous, ignorez ce message\u00a0: rien ne se passera tant que vous n’aurez pas confirmé l’adresse.'

const expiry = (duration: string) => `Ce lien ne fonctionne qu’une fois et reste valable ${duration}.`

export const mail: typeof english = {
  formats: 'fr-FR',
  greeting: 'Bonjour,',
  support: 'Pour obtenir de l’aide concernant votre compte, contactez {contact}.',
  copyLink: 'Si le bouton ne fonctionne pas, copiez ce lien dans votre navigateur\u00a0:',
  enterCode: 'Vous pouvez aussi saisir ce code là où vous l’avez demandé\u00a0:',
  codeExpiry: 'Il ne fonctionne que dans ce navigateur et reste valable {duration}.',
  verify_email: (service, duration) => ({
    subject: `Confirmez votre adresse e-mail pour ${service}`,
    heading: 'Confirmez votre adresse e-mail',
    before: [
      `Quelqu’un, sans doute vous, a ouvert un compte sur ${service} avec cette adresse. Confirmez qu’elle est bien la vôtre\u00a0:`,
    ],
    action: 'Confirmer cette adresse',
    after: [expiry(duration), IGNORE],
  }),
  account_exists: (service, duration) => ({
    subject: `Vous avez déjà un compte sur ${service}`,
    heading: 'Vous avez déjà un compte',
    before: [
      `Quelqu’un a essayé d’ouvrir un compte sur ${service} avec cette adresse, mais vous en avez déjà un.`,
      'Si c’était vous, connectez-vous avec votre mot de passe. Si vous l’avez oublié, choisissez-en un nouveau grâce à ce lien\u00a0:',
    ],
    action: 'Choisir un nouveau mot de passe',
    after: [
      expiry(duration),
      'Si ce n’était pas vous, ignorez ce message\u00a0: votre compte n’a pas changé.',
    ],
  }),
  reset_password: (service, duration) => ({
    subject: `Choisissez un nouveau mot de passe pour ${service}`,
    heading: 'Choisissez un nouveau mot de passe',
    before: [
      `Quelqu’un, sans doute vous, a demandé un nouveau mot de passe pour votre compte sur ${service}. Choisissez-le grâce à ce lien\u00a0:`,
    ],
    action: 'Choisir un nouveau mot de passe',
    after: [
      expiry(duration),
      'Si ce n’était pas vous, ignorez ce message\u00a0: votre mot de passe n’a pas changé.',
    ],
  }),
  set_password: (service, duration) => ({
    subject: `Choisissez un mot de passe pour votre nouveau compte sur ${service}`,
    heading: 'Choisissez votre mot de passe',
    before: [
      `Un compte a été ouvert pour vous sur ${service}. Choisissez un mot de passe grâce à ce lien, afin de pouvoir vous connecter\u00a0:`,
    ],
    action: 'Choisir un mot de passe',
    after: [
      `${expiry(duration)} Passé ce délai, rendez-vous sur ${service} et indiquez que vous avez oublié votre mot de passe pour recevoir un nouveau lien.`,
      'Si vous n’attendiez pas ce message, ignorez-le. Personne ne peut se connecter à ce compte tant que le mot de passe n’a pas été choisi.',
    ],
  }),
  confirm_new_email: (service, duration) => ({
    subject: `Confirmez votre nouvelle adresse e-mail pour ${service}`,
    heading: 'Confirmez votre nouvelle adresse e-mail',
    before: [
      `Quelqu’un, sans doute vous, souhaite utiliser cette adresse pour un compte sur ${service}. Confirmez qu’elle est bien la vôtre\u00a0:`,
    ],
    action: 'Confirmer cette adresse',
    after: [expiry(duration), IGNORE],
  }),
  test: (service) => ({
    subject: `Message d’essai du service ${service}`,
    heading: 'Message d’essai',
    before: [
      `Ceci est un essai. Si vous le lisez, c’est que le service ${service} sait envoyer des e-mails.`,
    ],
    after: ['Vous n’avez rien à faire.'],
  }),
}
