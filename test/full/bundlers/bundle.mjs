/** Bundles program.js: `node bundle.mjs BUNDLER OUTPUT_FOLDER [EXTERNAL…]`. */
import { build } from 'esbuild'
import { rolldown } from 'rolldown'
import webpack from 'webpack'

const BUNDLERS = {
  async esbuild(folder, external) {
    // For CommonJS packages, such as pg, in an ES module.
    const js = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"
    const output = { format: 'esm', outfile: `${folder}/program.mjs`, banner: { js } }
    await build({ entryPoints: ['program.js'], bundle: true, platform: 'node', external, ...output })
  },

  async rolldown(folder, external) {
    await using bundle = await rolldown({ input: 'program.js', platform: 'node', external })
    await bundle.write({ dir: folder, entryFileNames: 'program.mjs' })
  },

  async webpack(folder, external) {
    const compiler = webpack({
      mode: 'production',
      target: 'node24',
      entry: './program.js',
      experiments: { outputModule: true },
      externalsType: 'module',
      externals: external,
      // It takes most of the time, and changes nothing here.
      optimization: { minimize: false },
      output: { path: folder, filename: 'program.mjs', library: { type: 'module' } },
    })
    const stats = await new Promise((resolve, reject) => {
      compiler.run((error, result) => (error ? reject(error) : resolve(result)))
    })
    if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }))
  },
}

const [bundler, folder, ...external] = process.argv.slice(2)
await BUNDLERS[bundler](folder, external)
