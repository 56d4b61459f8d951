// Service `api`: prices, their history and their explanation over HTTP; health; metrics.
import { join } from 'node:path';
import { readAllowedQueries } from '@assay/api/graphql/persisted-queries';
import { createApi } from '@assay/api/http/server';
import { createStaticSite } from '@assay/api/http/static-site';
import { RateLimiter } from '@assay/api/limits/rate-limiter';
import type { SystemFacts } from '@assay/api/rest/system-routes';
import { secretOf } from '../config/secrets.ts';
import { readRunFile } from '../process/run-file.ts';
import { VERSION } from '../version.ts';
import { createExplainer } from './explainer.ts';
import type { Service, ServiceContext } from './service.ts';

/** Built after the install by `prepare`; a release of the program brings its own. */
const GUIDE = {
  base: '/guide',
  folder: join(import.meta.dirname, '../../../../docs/.vitepress/dist'),
  absence: 'The guide is not built here: run "npm run docs" in the checkout, then load this page again.',
};

/** One page for all of its addresses: console/src/frame/pages.ts names them. */
const CONSOLE = {
  base: '',
  folder: join(import.meta.dirname, '../../../../console/dist'),
  absence: 'The console is not built here: run "npm run build" in the checkout, then load this page again.',
  pages: [
    ...['/', '/feeds', '/feeds/*', '/sources', '/sources/*'],
    ...['/submissions', '/submissions/*', '/requests', '/requests/*', '/keys'],
    ...['/environments', '/system'],
  ],
  isStrict: true,
};

/** In the sandbox alone. */
const GRAPHIQL = {
  base: '/graphiql',
  folder: join(import.meta.dirname, '../../../../console/graphiql/dist'),
  absence: 'GraphiQL is not built here: run "npm run build:graphiql -w console", then load this page again.',
};

export function api(context: ServiceContext): Service {
  const { bus, history, cache, clock, metrics, auth, settings, config } = context;
  let current = config;
  const explainer = createExplainer(bus, () => current, clock);
  const served = createApi({
    bus,
    history,
    cache,
    clock,
    log: context.log.child({ service: 'api' }),
    metrics,
    renderMetrics: () => metrics.render(),
    keys: auth.keys,
    auth,
    limiter: new RateLimiter({ cache, clock, tiers: settings.auth.tiers }),
    profile: settings.profile,
    system: systemOf(context),
    feeds: config.feeds,
    sources: config.sources,
    api: settings.api,
    metricsListener: settings.metrics,
    healthListener: settings.health,
    ledger: context.ledger,
    outbound: context.outbound,
    submissionLimits: settings.submissions,
    allowPrivateWebhooks: settings.profile === 'sandbox' || settings.webhooks.allowPrivateAddresses,
    ...(settings.profile === 'sandbox'
      ? { sandboxControl: () => controlOf(context), graphiqlAt: `${GRAPHIQL.base}/` }
      : {}),
    ...(settings.api.allowedQueries === undefined
      ? {}
      : { allowedQueries: readAllowedQueries(settings.api.allowedQueries) }),
    sites: [GUIDE, CONSOLE, ...(settings.profile === 'sandbox' ? [GRAPHIQL] : [])].map(createStaticSite),
    explain: (feed, atMs) => explainer.explain(feed, atMs),
  });
  return {
    api: served,
    async reconfigure(next) {
      current = next.config;
      served.reconfigure(next.config.feeds, next.config.sources);
    },
    async start() {
      await explainer.start();
      await served.start();
    },
    async stop() {
      await served.stop();
      await explainer.stop();
    },
  };
}

function systemOf({ settings, recentLog }: ServiceContext): SystemFacts {
  const environments = settings.environments.map(({ name, url, key }) => {
    return { name, url, ...(key === undefined ? {} : { key: secretOf(key) }) };
  });
  return { version: VERSION, name: settings.name, recentLog, environments };
}

/** The sandbox may run beside another service of this data folder. */
function controlOf({ sandbox, settings }: ServiceContext): string | undefined {
  const here = sandbox?.control;
  if (here !== undefined && here !== '') return here;
  return readRunFile(settings.data, settings.profile)?.sandboxControl;
}
