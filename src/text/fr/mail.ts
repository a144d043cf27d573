import type { MailTexts } from '../index.ts'
import { onOneLine, type SignInWords } from '../mail.ts'

const IT_WAS_YOU = 'Si c’était vous, vous n’avez rien à faire.'
const IGNORE =
  'Si ce n’était pas vous, ignorez ce message\u00a0: rien ne se passera tant que vous n’aurez pas confirmé l’adresse.'

const expiry = (duration: string) => `Ce lien ne fonctionne qu’une fois et reste valable ${duration}.`

const changePassword = (service: string, ...first: string[]) =>
  `Si ce n’était pas vous, quelqu’un d’autre a accès à votre compte. Rendez-vous sans attendre sur ${service}, ${[...first, 'changez votre mot de passe'].join(', ')} et déconnectez tous les autres appareils.`

const noLink = (service: string) =>
  `Ce message ne contient volontairement aucun lien\u00a0: ouvrez ${service} dans votre navigateur comme vous en avez l’habitude.`

const factsOf = ({ time, device, ip }: SignInWords) => [
  `Date et heure\u00a0: ${time}`,
  ...(device === null ? [] : [`Appareil\u00a0: ${device}`]),
  ...(ip === null ? [] : [`Adresse IP\u00a0: ${ip}`]),
]

const nameFact = (name: string) => (name === '' ? [] : [`Nom\u00a0: ${name}`])

export const mail: MailTexts = {
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
  email_change_requested: (service, newEmail) => ({
    subject: `Une nouvelle adresse e-mail pour votre compte sur ${service}`,
    heading: 'Nouvelle adresse e-mail demandée',
    before: [
      `Quelqu’un, sans doute vous, a demandé que l’adresse de votre compte sur ${service} devienne ${newEmail}. Ce sera le cas dès que cette adresse aura été confirmée.`,
    ],
    after: [
      IT_WAS_YOU,
      `${changePassword(service)} Un nouveau mot de passe annule aussi cette demande.`,
      noLink(service),
    ],
  }),
  email_changed: (service, newEmail) => ({
    subject: `L’adresse e-mail de votre compte sur ${service} a changé`,
    heading: 'Votre adresse e-mail a changé',
    before: [
      `L’adresse de votre compte sur ${service} est désormais ${newEmail}. L’adresse à laquelle vous recevez ce message n’est plus associée au compte.`,
    ],
    after: [
      IT_WAS_YOU,
      `Si ce n’était pas vous, quelqu’un d’autre s’est emparé de votre compte. Prévenez sans attendre les responsables du service ${service}\u00a0: cette adresse ne vous permet plus de choisir un nouveau mot de passe.`,
      noLink(service),
    ],
  }),
  password_changed: (service) => ({
    subject: `Le mot de passe de votre compte sur ${service} a changé`,
    heading: 'Votre mot de passe a changé',
    before: [`Le mot de passe de votre compte sur ${service} a été changé.`],
    after: [
      IT_WAS_YOU,
      `Si ce n’était pas vous, quelqu’un d’autre a accès à votre compte. Rendez-vous sans attendre sur ${service}, indiquez que vous avez oublié votre mot de passe, choisissez-en un nouveau et déconnectez tous les autres appareils.`,
      noLink(service),
    ],
  }),
  new_device: (service, signIns, count) => ({
    subject:
      count === 1
        ? `Un nouvel appareil s’est connecté à votre compte sur ${service}`
        : `De nouveaux appareils se sont connectés à votre compte sur ${service}`,
    heading: count === 1 ? 'Connexion depuis un nouvel appareil' : 'Connexions depuis de nouveaux appareils',
    before: [
      count === 1
        ? `Quelqu’un s’est connecté à votre compte sur ${service} depuis un appareil qui n’avait encore jamais servi à le faire.`
        : `Il y a eu ${count} connexions à votre compte sur ${service} depuis des appareils qui n’avaient encore jamais servi à le faire. ${signIns.length < count ? 'Voici les dernières' : 'Les voici'}\u00a0:`,
    ],
    facts: count === 1 ? signIns.flatMap(factsOf) : signIns.map(onOneLine),
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  signed_in_after_failures: (service, signIn, failures) => ({
    subject: `Connexion à votre compte sur ${service} après des tentatives échouées`,
    heading: 'Connexion après des tentatives échouées',
    before: [
      `Quelqu’un s’est connecté à votre compte sur ${service} après ${failures} ${failures < 2 ? 'tentative échouée' : 'tentatives échouées'}.`,
    ],
    facts: factsOf(signIn),
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  passkey_added: (service, name) => ({
    subject: `Une clé d’accès a été ajoutée à votre compte sur ${service}`,
    heading: 'Clé d’accès ajoutée',
    before: [
      `Une clé d’accès a été ajoutée à votre compte sur ${service}. Elle permet désormais de s’y connecter.`,
    ],
    facts: nameFact(name),
    after: [IT_WAS_YOU, changePassword(service, 'supprimez cette clé d’accès'), noLink(service)],
  }),
  passkey_removed: (service, name) => ({
    subject: `Une clé d’accès a été supprimée de votre compte sur ${service}`,
    heading: 'Clé d’accès supprimée',
    before: [
      `Une clé d’accès a été supprimée de votre compte sur ${service}. Elle ne permet plus de s’y connecter.`,
    ],
    facts: nameFact(name),
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  passkey_refused: (service, name) => ({
    subject: `Une clé d’accès de votre compte sur ${service} a été refusée`,
    heading: 'Clé d’accès refusée',
    before: [
      `Une clé d’accès de votre compte sur ${service} a été refusée, car elle a peut-être été copiée : son compteur n’a pas augmenté. Personne ne s’est connecté avec elle. Supprimez cette clé d’accès et ajoutez-en une nouvelle.`,
    ],
    facts: nameFact(name),
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  identity_connected: (service, name) => ({
    subject: `Votre compte sur ${service} a été associé à un autre fournisseur`,
    heading: 'Compte associé',
    before: [
      `Un compte chez un autre fournisseur a été associé à votre compte sur ${service}. Il permet désormais de s’y connecter.`,
    ],
    facts: [`Fournisseur\u00a0: ${name}`],
    after: [IT_WAS_YOU, changePassword(service, 'dissociez-le'), noLink(service)],
  }),
  identity_disconnected: (service, name) => ({
    subject: `Votre compte sur ${service} a été dissocié d’un autre fournisseur`,
    heading: 'Compte dissocié',
    before: [
      `Un compte chez un autre fournisseur a été dissocié de votre compte sur ${service}. Il ne permet plus de s’y connecter.`,
    ],
    facts: [`Fournisseur\u00a0: ${name}`],
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  totp_added: (service) => ({
    subject: `Une application d’authentification a été ajoutée à votre compte sur ${service}`,
    // The soft hyphens let the long word fit small screens.
    heading: 'Application d’authenti\u00adfication ajoutée',
    before: [
      `Une application d’authentification a été ajoutée à votre compte sur ${service}. Lors de la connexion, un code de cette application pourra vous être demandé.`,
    ],
    after: [
      IT_WAS_YOU,
      changePassword(service, 'retirez cette application de votre compte'),
      `Si vous ne pouvez plus vous connecter, prévenez les responsables du service ${service}.`,
      noLink(service),
    ],
  }),
  totp_removed: (service) => ({
    subject: `L’application d’authentification a été retirée de votre compte sur ${service}`,
    heading: 'Application d’authenti\u00adfication retirée',
    before: [
      `L’application d’authentification a été retirée de votre compte sur ${service}. Ses codes ne fonctionnent plus.`,
    ],
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  second_factor_disabled: (service) => ({
    subject: `Le second facteur de votre compte sur ${service} a été désactivé`,
    heading: 'Second facteur désactivé',
    before: [
      `Le second facteur de votre compte sur ${service} a été désactivé. Le mot de passe suffit désormais pour se connecter.`,
    ],
    after: [IT_WAS_YOU, changePassword(service, 'réactivez le second facteur'), noLink(service)],
  }),
  recovery_codes_renewed: (service) => ({
    subject: `Nouveaux codes de récupération pour votre compte sur ${service}`,
    heading: 'Nouveaux codes de récupération',
    before: [
      `Dix nouveaux codes de récupération ont été créés pour votre compte sur ${service}. Les précédents ne fonctionnent plus.`,
    ],
    after: [IT_WAS_YOU, changePassword(service, 'créez de nouveaux codes de récupération'), noLink(service)],
  }),
  recovery_code_used: (service) => ({
    subject: `Connexion à votre compte sur ${service} avec un code de récupération`,
    heading: 'Connexion avec un code de récupération',
    before: [
      `Quelqu’un s’est connecté à votre compte sur ${service} avec un code de récupération, à la place du second facteur. Ce code ne fonctionne plus. Un nouveau code, affiché après la connexion, le remplace.`,
    ],
    after: [IT_WAS_YOU, changePassword(service, 'créez de nouveaux codes de récupération'), noLink(service)],
  }),
  second_factor_failed: (service, signIn) => ({
    subject: `Connexion inachevée à votre compte sur ${service}`,
    heading: 'Connexion inachevée',
    before: [
      `Quelqu’un a saisi le mot de passe de votre compte sur ${service}, mais n’a pas terminé la connexion avec le second facteur.`,
    ],
    facts: factsOf(signIn),
    after: [
      IT_WAS_YOU,
      `Si ce n’était pas vous, quelqu’un d’autre connaît votre mot de passe. Rendez-vous sans attendre sur ${service} et changez-le.`,
      noLink(service),
    ],
  }),
  factors_revoked: (service) => ({
    subject: `Des moyens de connexion ont été retirés de votre compte sur ${service}`,
    heading: 'Moyens de connexion retirés',
    before: [
      `Les responsables du service ${service} ont retiré un ou plusieurs moyens de connexion de votre compte\u00a0: clés d’accès, application d’authentification ou codes de récupération.`,
    ],
    after: [
      `Si vous l’avez demandé, vous n’avez rien à faire. Sinon, prévenez sans attendre les responsables du service ${service}.`,
      noLink(service),
    ],
  }),
  account_deleted: (service) => ({
    subject: `Votre compte sur ${service} a été supprimé`,
    heading: 'Votre compte a été supprimé',
    before: [`Votre compte sur ${service} a été supprimé. Il n’est plus possible de s’y connecter.`],
    after: [
      IT_WAS_YOU,
      `Si ce n’était pas vous, prévenez sans attendre les responsables du service ${service}.`,
      noLink(service),
    ],
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
