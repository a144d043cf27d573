/** The pages of the account. */
export const account = {
  navigation: {
    overview: 'Account',
    email: 'Email address',
    password: 'Password',
    sessions: 'Devices',
    activity: 'Activity',
    data: 'Your data',
  },
}
