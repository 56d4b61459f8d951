// The documentation site. In: the markdown of this folder. Out: a static folder that asks nothing of any other
// host. `ASSAY_GUIDE_BASE` is the path it will be served under; the API serves it at /guide/.
import { defineConfig } from 'vitepress';

const CLIENT_PAGES = [
  { text: 'Overview', link: '/clients/overview' },
  { text: 'The first ten minutes', link: '/clients/first-ten-minutes' },
  { text: 'Authentication', link: '/clients/authentication' },
  { text: 'REST', link: '/clients/rest' },
  { text: 'Streams', link: '/clients/streams' },
  { text: 'GraphQL', link: '/clients/graphql' },
  { text: 'Submissions and price requests', link: '/clients/submissions' },
  { text: 'Webhooks', link: '/clients/webhooks' },
  { text: 'Chainlink external adapter', link: '/clients/chainlink' },
  { text: 'Client library', link: '/clients/client-library' },
  { text: 'Errors', link: '/clients/errors' },
  { text: 'Limits and versions', link: '/clients/limits' },
  { text: 'Questions and troubleshooting', link: '/clients/troubleshooting' },
];

const ENGINEER_PAGES = [
  { text: 'Architecture in diagrams', link: '/engineers/architecture' },
  { text: 'Adapters', link: '/engineers/adapters' },
  { text: 'Sources in configuration', link: '/guides/define-a-source' },
  { text: 'Sources and how each was checked', link: '/sources' },
  { text: 'Contributing', link: '/engineers/contributing' },
  { text: 'Decisions', link: '/engineers/decisions' },
  { text: 'Security', link: '/engineers/security' },
  { text: 'Internal APIs', link: '/engineers/internal-apis' },
  { text: 'Operations', link: '/engineers/operations' },
  { text: 'Monitoring', link: '/engineers/monitoring' },
];

const REFERENCE_PAGES = [
  { text: 'HTTP API', link: '/reference/api' },
  { text: 'GraphQL schema', link: '/reference/graphql' },
  { text: 'Errors', link: '/reference/errors' },
  { text: 'Sources', link: '/reference/sources' },
  { text: 'Settings', link: '/reference/settings' },
  { text: 'Metrics', link: '/reference/metrics' },
  { text: 'Topics', link: '/reference/topics' },
];

export default defineConfig({
  title: 'Assay',
  description: 'Prices that can be explained, verified and recomputed',
  lang: 'en',
  base: process.env.ASSAY_GUIDE_BASE ?? '/guide/',
  cacheDir: '../node_modules/.cache/vitepress',
  srcExclude: ['images/**'],
  // A small file instead of an inline script, so that a strict content security policy can allow the site.
  metaChunk: true,
  themeConfig: {
    nav: [
      { text: 'For clients', link: '/clients/overview' },
      { text: 'For engineers', link: '/engineers/architecture' },
      { text: 'Reference', link: '/reference/graphql' },
    ],
    sidebar: [
      { text: 'For clients', items: CLIENT_PAGES },
      { text: 'For engineers', items: ENGINEER_PAGES },
      { text: 'Reference', items: REFERENCE_PAGES },
    ],
    outline: [2, 3],
    search: { provider: 'local' },
  },
  markdown: {
    config(markdown) {
      drawMermaid(markdown as never);
      followRootDocuments(markdown as never);
    },
  },
});

type Fence = (...args: unknown[]) => string;

/** A block of Mermaid becomes a place for its picture; the theme draws it, and shows the text until then. */
function drawMermaid(markdown: {
  renderer: { rules: { fence?: Fence } };
  utils: { escapeHtml: (text: string) => string };
}): void {
  const fence = markdown.renderer.rules.fence!;
  markdown.renderer.rules.fence = (...args: unknown[]) => {
    const [tokens, at] = args as [{ info: string; content: string }[], number];
    const { info, content } = tokens[at]!;
    if (info.trim() !== 'mermaid') return fence(...args);
    return `<pre class="mermaid-text" v-pre>${markdown.utils.escapeHtml(content)}</pre>`;
  };
}

type Token = { type: string; attrs: [string, string][] | null; children: Token[] | null };

const ROOT_DOCUMENTS: Record<string, string> = {
  ARCHITECTURE: '/engineers/decisions.md',
  CONTRIBUTING: '/engineers/contributing.md',
  SECURITY: '/engineers/security.md',
};

/** Documents of the root are pages of the site, so links to them, and from them into docs/, lead there. */
function followRootDocuments(markdown: {
  core: { ruler: { push: (name: string, rule: (state: { tokens: Token[] }) => void) => void } };
}): void {
  markdown.core.ruler.push('root-documents', ({ tokens }) => {
    for (const token of tokens.flatMap((one) => one.children ?? [])) {
      for (const attribute of token.type === 'link_open' ? (token.attrs ?? []) : []) {
        if (attribute[0] === 'href') attribute[1] = pageOf(attribute[1]);
      }
    }
  });
}

function pageOf(href: string): string {
  const [, name, anchor = ''] = /^(?:\.\.?\/)*([A-Z]+)\.md(#.*)?$/.exec(href) ?? [];
  const page = ROOT_DOCUMENTS[name ?? ''];
  if (page !== undefined) return `${page}${anchor}`;
  return href.replace(/^(?:\.\.?\/)*docs\//, '/');
}
