import type * as english from '../en/providers.ts'

export const providers: typeof english.providers = {
  continueWith: 'Continuer avec {provider}',
  leadingOn: {
    heading: 'Un instant',
    explain: 'Vous allez être redirigé vers {provider}.',
    go: 'Continuer vers {provider}',
  },
  exists: {
    heading: 'Vous avez déjà un compte',
    explain:
      'Il existe déjà un compte avec l’adresse {email}. Connectez-vous comme d’habitude. Vous pourrez ensuite associer {provider}.',
    signIn: 'Se connecter',
  },
  connect: {
    heading: 'Associer {provider}\u00a0?',
    explain:
      'Vous êtes connecté en tant que {account}. Si vous associez votre compte {provider} ({email}), vous pourrez désormais vous connecter avec.',
    explainWithoutEmail:
      'Vous êtes connecté en tant que {account}. Si vous associez votre compte {provider}, vous pourrez désormais vous connecter avec.',
    submit: 'Associer {provider}',
    cancel: 'Pas maintenant',
  },
  address: {
    heading: 'Saisissez votre adresse e-mail',
    explain:
      '{provider} ne nous a pas transmis d’adresse e-mail confirmée. Saisissez celle de votre nouveau compte.',
    submit: 'Créer le compte',
  },
  problems: {
    email: {
      missing_field: 'Saisissez votre adresse e-mail.',
      invalid_email: 'Saisissez une adresse e-mail valide, par exemple nom@example.com.',
      email_taken:
        'Il existe déjà un compte avec cette adresse. Connectez-vous à ce compte et associez-y le fournisseur.',
    },
    form: {
      identity_taken:
        'Votre compte chez l’autre fournisseur est déjà associé ici à un autre compte. Connectez-vous à ce dernier et dissociez-le d’abord.',
      last_way_in:
        'C’est votre seul moyen de vous connecter. Définissez d’abord un mot de passe ou ajoutez une clé d’accès.',
      registration_closed: 'Il n’est pas possible de créer un compte ici.',
      refused_by_application: 'La demande a été refusée. Contactez les responsables de ce service.',
    },
  },
  own: {
    heading: 'Comptes associés',
    explain: 'Vous pouvez vous connecter avec un compte que vous avez chez un autre fournisseur.',
    connectedOn: 'Associé le {date}',
    lastUsed: 'Dernière utilisation le {date}',
    notConnected: 'Non associé',
    connect: 'Associer',
    connectTo: 'Associer {provider}',
    disconnect: 'Dissocier',
    disconnectFrom: 'Dissocier {provider}',
    done: {
      connected: 'Le compte est associé.',
      disconnected: 'Le compte est dissocié. Tous vos autres appareils ont été déconnectés.',
      already_disconnected: 'Ce compte était déjà dissocié.',
    },
  },
}
