// Words that name nothing here.
export const latestTick = 1;
export const BLACKLISTS_TOPIC = 'provider-prices';
export const declare = (metrics: { gauge(o: object): void }) =>
  metrics.gauge({ name: 'oracle_ticker_price', help: 'x', labels: ['symbol', 'exchange'] });
