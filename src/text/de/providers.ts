import type * as english from '../en/providers.ts'

export const providers: typeof english.providers = {
  continueWith: 'Weiter mit {provider}',
  leadingOn: {
    heading: 'Einen Moment',
    explain: 'Sie werden zu {provider} weitergeleitet.',
    go: 'Weiter zu {provider}',
  },
  exists: {
    heading: 'Sie haben bereits ein Konto',
    explain:
      'Zur Adresse {email} gibt es bereits ein Konto. Melden Sie sich wie gewohnt an. Danach können Sie {provider} damit verbinden.',
    signIn: 'Anmelden',
  },
  connect: {
    heading: '{provider} verbinden?',
    explain:
      'Sie sind als {account} angemeldet. Wenn Sie Ihr Konto bei {provider} ({email}) verbinden, können Sie sich künftig damit anmelden.',
    explainWithoutEmail:
      'Sie sind als {account} angemeldet. Wenn Sie Ihr Konto bei {provider} verbinden, können Sie sich künftig damit anmelden.',
    submit: '{provider} verbinden',
    cancel: 'Nicht jetzt',
  },
  address: {
    heading: 'E-Mail-Adresse eingeben',
    explain:
      'Wir haben von {provider} keine bestätigte E-Mail-Adresse erhalten. Geben Sie die Adresse für Ihr neues Konto ein.',
    submit: 'Konto erstellen',
  },
  problems: {
    email: {
      missing_field: 'Geben Sie Ihre E-Mail-Adresse ein.',
      invalid_email: 'Geben Sie eine gültige E-Mail-Adresse ein, zum Beispiel name@example.com.',
      email_taken:
        'Zu dieser Adresse gibt es bereits ein Konto. Melden Sie sich dort an, und verbinden Sie den Anbieter dort.',
    },
    form: {
      identity_taken:
        'Ihr Konto beim anderen Anbieter ist hier schon mit einem anderen Konto verbunden. Melden Sie sich bei diesem an, und trennen Sie zuerst die Verbindung.',
      last_way_in:
        'Das ist Ihre einzige Möglichkeit, sich anzumelden. Legen Sie zuerst ein Passwort fest, oder fügen Sie einen Passkey hinzu.',
      registration_closed: 'Hier können keine neuen Konten erstellt werden.',
      refused_by_application:
        'Die Anfrage wurde abgelehnt. Wenden Sie sich an den Betreiber dieses Dienstes.',
    },
  },
  own: {
    heading: 'Verbundene Konten',
    explain: 'Sie können sich mit einem Konto anmelden, das Sie bei einem anderen Anbieter haben.',
    connectedOn: 'Verbunden am {date}',
    lastUsed: 'Zuletzt verwendet am {date}',
    notConnected: 'Nicht verbunden',
    connect: 'Verbinden',
    connectTo: '{provider} verbinden',
    disconnect: 'Trennen',
    disconnectFrom: '{provider} trennen',
    done: {
      connected: 'Das Konto ist verbunden.',
      disconnected: 'Die Verbindung ist getrennt. Sie wurden auf allen anderen Geräten abgemeldet.',
      already_disconnected: 'Die Verbindung war bereits getrennt.',
    },
  },
}
