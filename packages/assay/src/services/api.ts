// Service `api`: prices, their history and their explanation over HTTP; health; metrics.
import { createApi } from '@assay/api/http/server';
import { createExplainer } from './explainer.ts';
import type { Service, ServiceContext } from './service.ts';

export function api(context: ServiceContext): Service {
  const { bus, history, cache, clock, metrics, keys, settings, config } = context;
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
    keys,
    profile: settings.profile,
    feeds: config.feeds,
    sources: config.sources,
    api: settings.api,
    metricsListener: settings.metrics,
    healthListener: settings.health,
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
