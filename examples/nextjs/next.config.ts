import type { NextConfig } from 'next'

const config: NextConfig = { serverExternalPackages: ['bienvenue-auth'] }

export default config
