/** The page of the profile, and the fields that the application adds to it and to the sign-up page. */
export const profile = {
  heading: 'Profile',
  /** After a sign-in, if a required field of the account is empty. */
  asked: 'Before you continue, please fill in the missing fields.',
  name: 'Name',
  locale: 'Language',
  localeHint: 'The language of the emails we send you.',
  noLocale: 'No preference',
  submit: 'Save',
  done: {
    saved: 'Your profile has been saved.',
  },
  problems: {
    name: {
      invalid_field: 'Use one line with at most 200 characters for your name.',
    },
    locale: {
      invalid_field: 'Choose one of the languages.',
    },
    form: {
      too_many_attempts: 'You have changed your profile many times. Try again in {time}.',
    },
  },
}

/** `{label}` is the application's name for a field. */
export const userFields = {
  optional: '{label} (optional)',
  /** In a list where nothing is chosen yet. */
  choose: 'Choose…',
  problems: {
    missing: 'Fill in this field: {label}.',
    missingChoice: 'Choose an answer: {label}.',
    missingTick: 'Tick this box: {label}.',
    invalidText: 'Check this field: {label}. Use one line with at most {max} characters.',
    invalidNumber: 'Enter a number, such as 12 or 1.5: {label}.',
    invalid: 'Check this field: {label}.',
    /** About all fields together. */
    refused:
      'Some of your entries were not accepted. Check the fields. If you cannot find the mistake, contact the people who run this service.',
  },
}
