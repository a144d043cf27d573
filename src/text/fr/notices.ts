import type * as english from '../en/notices.ts'
import { onOneLine, type SignInWords } from '../mail.ts'

const IT_WAS_YOU = 'Si c’était vous, vous n’avez rien à faire.'

const changePassword = (service: string, ...first: string[]) =>
  `Si ce n’était pas vous, quelqu’un d’autre a accès à votre compte. Rendez-vous sans attendre sur ${service}, ${[...first, 'changez votre mot de passe'].join(', ')} et déconnectez tous les autres appareils.`

const noLink = (service: string) =>
  `Ce message ne contient volontairement aucun lien\u00a0: ouvrez ${service} dans votre navigateur comme vous en avez l’habitude.`

const advice = (service: string, ...first: string[]) => [
  IT_WAS_YOU,
  changePassword(service, ...first),
  noLink(service),
]

const factsOf = ({ time, device, ip }: SignInWords) => [
  `Date et heure\u00a0: ${time}`,
  ...(device === null ? [] : [`Appareil\u00a0: ${device}`]),
  ...(ip === null ? [] : [`Adresse IP\u00a0: ${ip}`]),
]

const nameFact = (name: string) => (name === '' ? [] : [`Nom\u00a0: ${name}`])

export const notices: typeof english.notices = {
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
    after: advice(service),
  }),
  signed_in_after_failures: (service, signIn, failures) => ({
    subject: `Connexion à votre compte sur ${service} après des tentatives échouées`,
    heading: 'Connexion après des tentatives échouées',
    before: [
      `Quelqu’un s’est connecté à votre compte sur ${service} après ${failures} ${failures < 2 ? 'tentative échouée' : 'tentatives échouées'}.`,
    ],
    facts: factsOf(signIn),
    after: advice(service),
  }),
  passkey_added: (service, name) => ({
    subject: `Une clé d’accès a été ajoutée à votre compte sur ${service}`,
    heading: 'Clé d’accès ajoutée',
    before: [
      `Une clé d’accès a été ajoutée à votre compte sur ${service}. Elle permet désormais de s’y connecter.`,
    ],
    facts: nameFact(name),
    after: advice(service, 'supprimez cette clé d’accès'),
  }),
  passkey_removed: (service, name) => ({
    subject: `Une clé d’accès a été supprimée de votre compte sur ${service}`,
    heading: 'Clé d’accès supprimée',
    before: [
      `Une clé d’accès a été supprimée de votre compte sur ${service}. Elle ne permet plus de s’y connecter.`,
    ],
    facts: nameFact(name),
    after: advice(service),
  }),
  passkey_refused: (service, name) => ({
    subject: `Une clé d’accès de votre compte sur ${service} a été refusée`,
    heading: 'Clé d’accès refusée',
    before: [
      `Une clé d’accès de votre compte sur ${service} a été refusée, car elle a peut-être été copiée : son compteur n’a pas augmenté. Personne ne s’est connecté avec elle. Supprimez cette clé d’accès et ajoutez-en une nouvelle.`,
    ],
    facts: nameFact(name),
    after: advice(service),
  }),
  identity_connected: (service, name) => ({
    subject: `Votre compte sur ${service} a été associé à un autre fournisseur`,
    heading: 'Compte associé',
    before: [
      `Un compte chez un autre fournisseur a été associé à votre compte sur ${service}. Il permet désormais de s’y connecter.`,
    ],
    facts: [`Fournisseur\u00a0: ${name}`],
    after: advice(service, 'dissociez-le'),
  }),
  identity_disconnected: (service, name) => ({
    subject: `Votre compte sur ${service} a été dissocié d’un autre fournisseur`,
    heading: 'Compte dissocié',
    before: [
      `Un compte chez un autre fournisseur a été dissocié de votre compte sur ${service}. Il ne permet plus de s’y connecter.`,
    ],
    facts: [`Fournisseur\u00a0: ${name}`],
    after: advice(service),
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
    after: advice(service),
  }),
  second_factor_disabled: (service) => ({
    subject: `Le second facteur de votre compte sur ${service} a été désactivé`,
    heading: 'Second facteur désactivé',
    before: [
      `Le second facteur de votre compte sur ${service} a été désactivé. Le mot de passe suffit désormais pour se connecter.`,
    ],
    after: advice(service, 'réactivez le second facteur'),
  }),
  recovery_codes_renewed: (service) => ({
    subject: `Nouveaux codes de récupération pour votre compte sur ${service}`,
    heading: 'Nouveaux codes de récupération',
    before: [
      `Dix nouveaux codes de récupération ont été créés pour votre compte sur ${service}. Les précédents ne fonctionnent plus.`,
    ],
    after: advice(service, 'créez de nouveaux codes de récupération'),
  }),
  recovery_code_used: (service) => ({
    subject: `Connexion à votre compte sur ${service} avec un code de récupération`,
    heading: 'Connexion avec un code de récupération',
    before: [
      `Quelqu’un s’est connecté à votre compte sur ${service} avec un code de récupération, à la place du second facteur. Ce code ne fonctionne plus. Un nouveau code, affiché après la connexion, le remplace.`,
    ],
    after: advice(service, 'créez de nouveaux codes de récupération'),
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
}

/** The activity of an account, by audit action. */
export const activity: typeof english.activity = {
  heading: 'Activité',
  explain:
    'L’activité récente de votre compte. Si vous ne reconnaissez pas l’une de ces actions, changez votre mot de passe.',
  older: 'Activité plus ancienne',
  newer: 'Activité plus récente',
  other: 'Autre activité',
  done: {
    register: 'Compte créé',
    request_confirmation: 'E-mail de confirmation demandé',
    confirm_email: 'Adresse e-mail confirmée',
    login: 'Connexion',
    logout: 'Déconnexion',
    end_session: 'Autre appareil déconnecté',
    end_other_sessions: 'Tous les autres appareils déconnectés',
    reauthenticate: 'Identité confirmée',
    request_password_reset: 'Réinitialisation du mot de passe demandée',
    reset_password: 'Mot de passe réinitialisé',
    change_password: 'Mot de passe changé',
    request_email_change: 'Changement d’adresse e-mail demandé',
    change_email: 'Adresse e-mail changée',
    update_profile: 'Profil modifié',
    export_account: 'Données téléchargées',
    begin_sign_in: 'Mot de passe saisi et second facteur demandé',
    link_identity: 'Compte chez un autre fournisseur associé',
    unlink_identity: 'Compte chez un autre fournisseur dissocié',
    logout_at_provider: 'Déconnexion chez un autre fournisseur',
    add_factor: 'Second facteur ou clé d’accès ajouté',
    remove_factor: 'Second facteur ou clé d’accès supprimé',
    rename_passkey: 'Clé d’accès renommée',
    renew_recovery_codes: 'Nouveaux codes de récupération créés',
    enable_second_factor: 'Second facteur activé',
    disable_second_factor: 'Second facteur désactivé',
    use_passkey: 'Clé d’accès acceptée, bien que son état de sauvegarde ait changé',
  },
  refused: {
    register: 'Quelqu’un a essayé de créer un compte avec votre adresse e-mail',
    confirm_email: 'Tentative échouée de confirmer votre adresse e-mail',
    login: 'Tentative de connexion échouée',
    limit_reached: 'Trop de tentatives\u00a0: les suivantes ont été bloquées pendant un certain temps',
    reauthenticate: 'Tentative échouée de confirmer le mot de passe',
    reset_password: 'Tentative échouée de réinitialiser le mot de passe',
    change_password: 'Tentative échouée de changer le mot de passe',
    change_email: 'Tentative échouée de confirmer une nouvelle adresse e-mail',
    give_up_mail: 'Un e-mail n’a pas pu vous être remis',
    prove_second_factor: 'Code erroné ou déjà utilisé',
    use_passkey: 'Une clé d’accès a été refusée',
  },
  byOperator: {
    register: 'Un administrateur a créé votre compte',
    request_confirmation: 'Un administrateur a renvoyé l’e-mail de confirmation',
    confirm_email: 'Un administrateur a confirmé votre adresse e-mail',
    login: 'Connexion par l’intermédiaire d’une application',
    end_all_sessions: 'Un administrateur a déconnecté tous vos appareils',
    request_password_reset: 'Un administrateur vous a envoyé un e-mail pour réinitialiser votre mot de passe',
    request_email_change: 'Un administrateur a demandé une nouvelle adresse e-mail pour votre compte',
    change_email: 'Un administrateur a changé votre adresse e-mail',
    update_profile: 'Un administrateur a modifié votre profil',
    disable_account: 'Un administrateur a désactivé votre compte',
    enable_account: 'Un administrateur a réactivé votre compte',
    unlock_account: 'Un administrateur a effacé les tentatives de connexion échouées',
    mark_password_compromised: 'Un administrateur a signalé que votre mot de passe n’est plus sûr',
    remove_factor:
      'Un administrateur a supprimé un second facteur, une clé d’accès ou des codes de récupération',
    disable_second_factor: 'Un administrateur a désactivé le second facteur',
    require_second_factor: 'Un administrateur a rendu le second facteur obligatoire pour vous',
    waive_second_factor: 'Un administrateur a rendu le second facteur facultatif pour vous',
  },
}
