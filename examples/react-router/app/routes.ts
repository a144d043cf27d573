import { index, type RouteConfig, route } from '@react-router/dev/routes'

export default [
  index('routes/home.tsx'),
  route('register', 'routes/register.tsx'),
  route('sign-in', 'routes/sign-in.tsx'),
  route('auth/*', 'routes/auth.ts'),
] satisfies RouteConfig
