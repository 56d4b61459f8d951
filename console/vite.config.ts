// How the console is built: static files with hashed names into `dist`, served by the API at its own origin.
// Everything is bundled; nothing is inlined, because the page's policy forbids inline scripts and styles.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const require = createRequire(import.meta.url);

// The tree holds an older React beside ours (a tool of the documentation brings it); libraries that stand at
// the root of the tree would take that one.
const own = (name: string) => dirname(require.resolve(`${name}/package.json`));

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwindcss()],
  resolve: { alias: { react: own('react'), 'react-dom': own('react-dom') } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { input: { index: join(import.meta.dirname, 'index.html') } },
  },
  // For work on the console: `npm run dev -w console` beside a server on its usual port.
  server: { proxy: { '/v1': 'http://127.0.0.1:4000', '/graphql': 'http://127.0.0.1:4000' } },
});
