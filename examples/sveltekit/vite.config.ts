import adapter from '@sveltejs/adapter-node'
import { sveltekit } from '@sveltejs/kit/vite'
import { defineConfig } from 'vite'

export default defineConfig({
  // Without ORIGIN, the built application assumes https and the host of the request.
  plugins: [sveltekit({ adapter: adapter(), paths: { origin: process.env.ORIGIN } })],
})
