// Builds GraphiQL as a site of its own, served at /graphiql in the sandbox. In: this folder. Out: dist.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import react from '@vitejs/plugin-react';
import { build } from 'vite';

const require = createRequire(import.meta.url);

// The tree holds an older React beside ours (a tool of the documentation brings it).
const own = (name: string) => dirname(require.resolve(`${name}/package.json`));

await build({
  configFile: false,
  root: import.meta.dirname,
  base: '/graphiql/',
  plugins: [react()],
  resolve: { alias: { react: own('react'), 'react-dom': own('react-dom') } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // One page that is nothing but the editor: there is nothing to split off.
    chunkSizeWarningLimit: 3_000,
  },
});
